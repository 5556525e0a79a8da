import { type Experiment, vary } from '../experiment.ts';
import { publishedL0s, scaledL0 } from '../parts/published-l0.ts';

const baseline: Experiment = {
  name: 'baseline_batchtopk',
  description: 'BatchTopK with a constant learning rate',
  architecture: 'batchtopk',
};

export const experiments: Experiment[] = [
  baseline,
  ...publishedL0s.map((l0) =>
    vary(
      baseline,
      `baseline_l0_${l0}`,
      `BatchTopK with k ${l0} at 16k, elsewhere in proportion`,
      (profile) => ({
        k: scaledL0(l0, profile),
      }),
    ),
  ),
];
