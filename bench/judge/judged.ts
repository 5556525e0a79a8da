import type { Verdict } from '#contract/verdict';

/** Numbers of a verdict, and what of them is for people alone. */
interface Judged extends Pick<Verdict, 'metrics' | 'also' | 'groups' | 'tables' | 'remarks'> {
  /** Rows that were measured. */
  samples: number;
  width: number;
}

export type MeasuredSnapshot = Pick<Judged, 'metrics' | 'samples'>;

/** A way to judge something in its world, whatever the world's kind. */
export interface Judgement {
  world: Verdict['world'];
  judge(samples: number): Promise<Judged>;
  /** Measures snapshots on so many rows, and yields what they are in their order. */
  snapshots(samples: number): (names: readonly string[]) => AsyncGenerator<MeasuredSnapshot>;
}
