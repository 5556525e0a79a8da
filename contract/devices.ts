import { z } from 'zod';

const WHAT =
  'must be auto, a number of runs at a time, a list of GPUs ([0, 1]), or runs at a time for each GPU ({0: 4})';

const Forms = z.union([
  z.literal('auto'),
  z.number().int().positive(),
  z.array(z.number().int().nonnegative()).min(1),
  z
    .record(z.string().regex(/^\d+$/), z.number().int().positive())
    .refine((counts) => Object.keys(counts).length > 0),
]);

/**
 * How many runs train at a time, and on which GPUs. `auto`: one on each GPU of the machine; without a GPU,
 * by the number of cores. A number: so many, spread over the GPUs where there are some. A list: one on each
 * of these GPUs. A map: for each of these GPUs, as many as it says. GPUs have the numbers of `nvidia-smi`.
 */
export const Devices = z.unknown().transform((value, context): z.infer<typeof Forms> => {
  // A union tells of the one form that was almost met: here all forms are named, at the field itself.
  const { success, data } = Forms.safeParse(value);
  if (success) return data;
  context.addIssue({ code: 'custom', message: WHAT });
  return z.NEVER;
});
export type Devices = z.infer<typeof Devices>;
