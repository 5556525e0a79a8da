import type { Sweep } from '../experiment.ts';
import { publishedL0s } from '../parts/published-l0.ts';

const ablations = [
  'default',
  'ablation_no_refinement',
  'ablation_no_matryoshka',
  'ablation_no_term',
  'ablation_no_freq_sort',
  'ablation_no_lr_decay',
  'ablation_no_detach_matryoshka',
  'ablation_no_decreasing_k',
  'ablation_all',
];
const l0_sweep = publishedL0s.map((l0) => `l0_${l0}`);
const baseline_l0_sweep = publishedL0s.map((l0) => `baseline_l0_${l0}`);
const paper_baselines = ['baseline_batchtopk', 'matryoshka', 'matching_pursuit', 'standard_l1', 'jumprelu'];

/** Members that the workspace lacks are left out. */
export const sweeps: Sweep[] = [
  {
    name: 'ablations',
    description: 'default, default without each of its seven parts, and without all of them',
    members: ablations,
  },
  { name: 'l0_sweep', description: 'default over seven L0s', members: l0_sweep },
  { name: 'baseline_l0_sweep', description: 'BatchTopK over the same L0s', members: baseline_l0_sweep },
  {
    name: 'paper_baselines',
    description: "the five baselines of the benchmark's paper, at one L0",
    members: paper_baselines,
  },
  {
    name: 'all',
    description: 'all experiments of the sweeps above',
    members: [...new Set([...ablations, ...l0_sweep, ...baseline_l0_sweep, ...paper_baselines])],
  },
];
