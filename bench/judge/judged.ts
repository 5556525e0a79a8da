import type { Verdict } from '#contract/verdict';

/** Numbers of a verdict, and what of them is for people alone. */
interface Judged extends Pick<Verdict, 'metrics' | 'also' | 'groups' | 'tables' | 'remarks'> {
  /** Rows that were measured. */
  samples: number;
  width: number;
}

/** A way to judge something in its world, whatever the world's kind. */
export interface Judgement {
  world: Verdict['world'];
  /** Snapshots that are measured at a time. */
  lanes: number;
  judge(samples: number): Promise<Judged>;
  /** Measures a snapshot on few rows. */
  snapshot(name: string, samples: number, lane: number): Promise<Pick<Judged, 'metrics' | 'samples'>>;
}
