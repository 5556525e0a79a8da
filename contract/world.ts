import { z } from 'zod';

/**
 * Who knows the truth of a world. `public`: anybody can, from a published file or a seed. `secret`: the judge
 * alone. `rows`: nobody, because the world is rows of activations; its verdicts have only the metrics that
 * need no truth.
 */
const WorldKind = z.enum(['public', 'secret', 'rows']);

/** A world as a verdict names it. */
export const WorldName = z.object({
  name: z.string(),
  hash: z.string(),
  /** Absent in verdicts of earlier versions, which knew public worlds alone. */
  kind: WorldKind.default('public'),
});
