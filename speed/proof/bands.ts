/** The published run of the default recipe at 16k: its samples, and mean ± spread of what it reaches. */
export const PUBLISHED = {
  samples: 200_000_768,
  f1: { mean: 0.977, spread: 0.006 },
  mcc: { mean: 0.818, spread: 0.004 },
} as const;

export interface Checked {
  metric: 'f1' | 'mcc';
  value: number;
  mean: number;
  spread: number;
  isInside: boolean;
}

/** The metrics of a run beside the published bands. One that is missing or NaN is outside. */
export function againstBands(metrics: Readonly<Record<string, number>>): Checked[] {
  return (['f1', 'mcc'] as const).map((metric) => {
    const { mean, spread } = PUBLISHED[metric];
    const value = metrics[metric] ?? Number.NaN;
    return { metric, value, mean, spread, isInside: Math.abs(value - mean) <= spread };
  });
}
