import { z } from 'zod';

/**
 * How recipes of a task are tried on other data (`npm run transfer`): in a profile of another task, which
 * has numbers of its own.
 */
export const Transfer = z.strictObject({
  /** The option that names the data, what it is in words, and what stands before its path in `world`. */
  data: z.strictObject({
    option: z.string().regex(/^[a-z][a-z-]*$/, 'must be the long name of an option, without dashes'),
    about: z.string().min(1),
    world: z.string(),
  }),
  /** The TASK.md of the other task, and its profile. */
  task: z.string().min(1),
  profile: z.string().min(1),
  /** Experiments, and sweeps, that are tried at each value; all are compared with the first. */
  lines: z.array(z.string()).min(2),
  /** Variations of the experiment `of` that each lack a part of it: experiments or sweeps. */
  parts: z.strictObject({ of: z.string(), without: z.array(z.string()) }),
  /** The setting along which lines are drawn: these multiples of the profile's own. */
  along: z.strictObject({ setting: z.string(), times: z.array(z.number().positive()).min(1) }),
  /** Numbers of a verdict on the other data that are drawn and ranked. */
  metrics: z.array(z.string()).min(1),
});
export type Transfer = z.infer<typeof Transfer>;
