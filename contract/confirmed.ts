import { z } from 'zod';
import { Line } from './text.ts';

const Metrics = z.record(z.string(), z.number());

/** What candidate and best have on one secret world. */
export const Pair = z.object({
  /** Which world of the key it is, and the world's hash. The seed of its runs follows from the key. */
  draw: z.number().int(),
  world: z.string(),
  candidate: Metrics,
  best: Metrics.nullable(),
  /** Whether the best's numbers are those that it got there as a candidate; absent: not recorded. */
  kept: z.boolean().optional(),
});

/** Numbers of several runs on secret worlds: their means, and their standard deviations over the runs. */
export const Several = z.object({
  n: z.number().int(),
  mean: Metrics,
  /** Empty for a single run. */
  deviation: Metrics,
});
export type Several = z.infer<typeof Several>;

/**
 * What confirming gave: candidate and best, trained afresh on secret worlds and judged there. Only the
 * judge's numbers are in it: what a trainer says on a secret world could tell the researcher about that
 * world.
 */
export const Confirmed = z.object({
  /** SHA-256 of the key that the worlds are drawn from, as published when the run branch began. */
  key: z.string(),
  /** Which confirming of this key it is, from 1: the bound is tighter the more there are. */
  nth: z.number().int(),
  /** Training rows of each run, and fresh rows of each verdict. */
  samples: z.number().int(),
  rows: z.number().int(),
  /**
   * `confirmed`: the gain is beyond the bound. `small`: it is above its standard error, and not beyond the
   * bound. `behind`: it is not. `failed`: a run of the candidate came to no result, or broke a rule. `held`:
   * it is beyond the bound, but the best trains worse than it did, so that nothing can be said.
   */
  result: z.enum(['confirmed', 'small', 'behind', 'failed', 'held']),
  reason: Line,
  candidate: Several,
  /** The best that it was compared with; null for the first one. */
  best: z.object({ sprint: z.string(), run: z.string(), ...Several.shape }).nullable(),
  /**
   * The mean gain of the deciding metric, its standard error, and the gain that was needed; null without a
   * best.
   */
  gain: z.object({ mean: z.number(), error: z.number(), needed: z.number() }).nullable(),
  /**
   * The best trained again where it was measured as a candidate, on the same seed: how often so far, what it
   * lost in the mean, and what is taken off each gain on a world that is new to it. Absent: not done.
   */
  again: z.object({ n: z.number().int(), loss: z.number(), less: z.number() }).optional(),
  /**
   * One entry a secret world, in the order of the decision; empty before the key is published: from the
   * numbers of each world a researcher could put together what was lucky there.
   */
  pairs: z.array(Pair),
  /** Seconds that its runs and their verdicts took. */
  seconds: z.number(),
});
export type Confirmed = z.infer<typeof Confirmed>;

/**
 * `sprints/<id>/in-full.json`: a best that was confirmed by shorter runs, trained once to the full budget on
 * a secret world at the end of the night. Written after the sprint was closed.
 */
export const InFull = z.object({
  version: z.literal(1),
  /** As in `Confirmed`. */
  key: z.string(),
  draw: z.number().int(),
  world: z.string(),
  samples: z.number().int(),
  rows: z.number().int(),
  /** Empty where the run came to no result. */
  metrics: Metrics,
  at: z.string(),
});
export type InFull = z.infer<typeof InFull>;

/**
 * `sprints/<id>/checked.json`: the last best of a night, trained again at its end on secret worlds, beside
 * the best before it. Written after the sprint was closed. Its numbers are those of the confirming and the
 * new ones together.
 */
export const Checked = z.object({
  version: z.literal(1),
  /** As in `Confirmed`, where nothing else is said. */
  key: z.string(),
  /** Whether it is still the best by the rule that confirmed it. */
  holds: z.boolean(),
  reason: Line,
  candidate: Several,
  best: Confirmed.shape.best,
  gain: Confirmed.shape.gain,
  /** What this best gave where it was measured as a candidate, on the same seed. */
  again: Confirmed.shape.again,
  /** Whether its change was taken out of the workspace. */
  takenBack: z.boolean(),
  seconds: z.number(),
  at: z.string(),
});
export type Checked = z.infer<typeof Checked>;

/**
 * `sprints/secret-worlds.json`: the keys of a run branch. Their hashes stand there from the start; the keys,
 * and the pairs of each sprint that was confirmed by them, when they are over.
 */
export const PublishedKeys = z.array(
  z.strictObject({
    /** SHA-256 of the key, in hex. */
    hash: z.string(),
    madeAt: z.string(),
    key: z.string().optional(),
    publishedAt: z.string().optional(),
    pairs: z.record(z.string(), z.array(Pair)).optional(),
  }),
);
export type PublishedKeys = z.infer<typeof PublishedKeys>;
