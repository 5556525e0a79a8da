import { describe, expect, it } from 'vitest';
import { candidateFile, combine } from './candidate.ts';
import { PATH, type Step } from './path.ts';

const steps = (...slugs: string[]): Step[] => PATH.filter((step) => slugs.includes(step.slug));

describe('the candidate that some steps make', () => {
  it('is the plain baseline for the first step', () => {
    expect(combine(steps('batchtopk-baseline'))).toEqual({ architecture: 'batchtopk', settings: {} });
  });

  it('leaves behind what only an earlier architecture has', () => {
    const two = steps('batchtopk-baseline', 'matryoshka-levels');
    expect(combine(two).settings).toHaveProperty('use_matryoshka_aux_loss');
    const three = [...two, ...steps('full-recipe')];
    expect(combine(three)).toEqual({
      architecture: 'lista-matryoshka',
      settings: {
        matryoshka_widths: 'matryoshka_widths',
        detach_matryoshka_losses: 'true',
        lr_decay_fraction: '1 / 3',
        initial_k: 'Math.max(aim, anneal.from * k)',
        transition_k_duration_fraction: 'anneal.over',
        n_refinement_steps: '1',
        eta: '0.3',
        use_frequency_sorted_matryoshka: 'true',
        term_tilt: '0.002',
      },
    });
  });

  it('does not depend on the order in which steps were gained', () => {
    expect(candidateFile([...PATH].reverse())).toBe(candidateFile(PATH));
  });

  it('reads like a file that a person would write', () => {
    expect(
      candidateFile(steps('batchtopk-baseline', 'matryoshka-levels', 'full-recipe')),
    ).toBe(`import type { Experiment } from '../experiment.ts';

/** What gave a gain so far, and the one change that the present sprint tries. */
export const experiments: Experiment[] = [
  {
    name: 'candidate',
    description: 'BatchTopK baseline + Matryoshka levels + The full recipe',
    architecture: 'lista-matryoshka',
    settings: ({ k, aim, anneal, matryoshka_widths }) => ({
      matryoshka_widths,
      detach_matryoshka_losses: true,
      lr_decay_fraction: 1 / 3,
      initial_k: Math.max(aim, anneal.from * k),
      transition_k_duration_fraction: anneal.over,
      n_refinement_steps: 1,
      eta: 0.3,
      use_frequency_sorted_matryoshka: true,
      term_tilt: 0.002,
    }),
  },
];
`);
  });
});
