import { z } from 'zod';

/**
 * `engine/backends/<name>.needs.json`: what a backend needs of the machine inside the sandbox. No other
 * device and no other variable of libraries gets in.
 */
export const BackendNeeds = z.strictObject({
  /** Names in /dev; a final `*` matches any ending. */
  devices: z.array(z.string().regex(/^[\w-]+\*?$/, 'must be a name in /dev, which may end in *')).default([]),
  /** Variables of the environment: where libraries are, which device to use, how many threads to start. */
  variables: z.array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of a variable')).default([]),
  /** Files or folders that the sandbox would hide; readable where they exist. */
  paths: z.array(z.string().regex(/^\/./, 'must be an absolute path')).default([]),
});
export type BackendNeeds = z.infer<typeof BackendNeeds>;
