import { type Experiment, vary } from '../experiment.ts';

const baseline: Experiment = {
  name: 'baseline_batchtopk',
  description: 'BatchTopK with a constant learning rate',
  architecture: 'batchtopk',
};

export const experiments: Experiment[] = [
  baseline,
  ...[15, 20, 25, 30, 35, 40, 45].map((k) =>
    vary(baseline, `baseline_l0_${k}`, `BatchTopK at L0 ${k}`, { k }),
  ),
];
