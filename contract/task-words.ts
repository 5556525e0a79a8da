import { z } from 'zod';

/** A command line, and a path inside the repository, as TASK.md has them. */
export const command = z.string().trim().min(1, 'must be a command line');
export const relativePath = z
  .string()
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must be a path inside the repository, without ".."');
