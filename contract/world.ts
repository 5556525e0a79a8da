import { z } from 'zod';

/**
 * Who knows the truth of a world. `public`: everybody may, it is a published file or a seed. `secret`: the
 * judge alone. `rows`: nobody, it is rows of activations, and a verdict has only the metrics that need no
 * truth.
 */
const WorldKind = z.enum(['public', 'secret', 'rows']);

/** A world as a verdict names it. */
export const WorldName = z.object({
  name: z.string(),
  hash: z.string(),
  /** Absent in verdicts of earlier versions, which knew public worlds alone. */
  kind: WorldKind.default('public'),
});
