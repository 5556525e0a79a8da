import type { Experiment } from '../experiment.ts';

export const experiments: Experiment[] = [
  {
    name: 'matryoshka',
    description: 'Matryoshka BatchTopK, as the benchmark paper trains it',
    architecture: 'matryoshka-batchtopk',
    settings: { use_matryoshka_aux_loss: true },
  },
];
