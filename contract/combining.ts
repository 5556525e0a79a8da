import { z } from 'zod';
import { Line } from './text.ts';

/**
 * Two gains that were made side by side, each without the change of the other: the loop puts them together in
 * a sprint of its own. Each field names a sprint.
 */
export const Pair = z.object({
  /** The best that `left` began with. */
  base: z.string(),
  /** The best that the two are put together for. */
  best: z.string(),
  /** The gain whose change that best does not have. */
  left: z.string(),
});
export type Pair = z.infer<typeof Pair>;

/** A pair as the record of its sprint has it. */
export const Combining = Pair.extend({
  /** Why the two could not be put together; a researcher is asked to. Absent: they were merged. */
  trouble: Line.optional(),
  /** The deciding metric's gains over the base, and the noise of each; absent without a verdict. */
  gains: z.object({ best: z.number(), left: z.number(), both: z.number(), noise: z.number() }).optional(),
});
export type Combining = z.infer<typeof Combining>;
