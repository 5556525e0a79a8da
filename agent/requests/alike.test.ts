import { describe, expect, it } from 'vitest';
import { exampleSprint } from '../fixtures/examples.ts';
import { alike } from './alike.ts';

const sprint = (title: string, idea: string, id = '2026-02-19--10-37-x') =>
  exampleSprint({ id, title, idea });
const input = (slug: string, title: string, idea: string) => ({
  ...{ slug, title, idea, motivation: 'm', expectation: 'e', predicted: {} },
});
type Idea = [title: string, idea: string];
const found = ([before, now]: [Idea, Idea]) => alike(input('new', ...now), [sprint(...before)]).length > 0;

const paraphrases: [Idea, Idea][] = [
  [
    ['Sort prefixes by firing frequency', 'Sort the latents of the prefixes by how often they fire.'],
    ['Frequency-sorted prefixes', 'Order latents inside the prefixes by their firing frequency.'],
  ],
  [
    [
      'Anneal k from 60 to 25',
      'Decrease k linearly during training so that early gradients reach more latents.',
    ],
    [
      'Annealed k',
      'Start with k = 60 and lower it linearly to 25 over training so more latents get gradients early.',
    ],
  ],
  [
    ['LISTA encoder', 'One LISTA step with step size 0.3 after the linear encoder.'],
    [
      'LISTA step in the encoder',
      'Add one unrolled ISTA (LISTA) iteration with eta 0.3 after the linear encoder.',
    ],
  ],
  [
    ['Tilted loss', 'Weigh samples of a batch by a softmax of their loss (TERM) with tilt 0.002.'],
    ['TERM', 'Tilted empirical risk: softmax weights of the samples by their loss, tilt 0.002.'],
  ],
  [
    ['Detach inner losses', 'Stop gradients of inner levels flowing to the outer latents.'],
    ['Detached inner losses', 'Stop the gradient between levels.'],
  ],
  [
    ['Matching pursuit at inference', 'Replace the encoder by OMP at inference with the trained dictionary.'],
    [
      'OMP inference',
      'Use orthogonal matching pursuit with the trained decoder at inference, not the encoder.',
    ],
  ],
  [
    ['Auxiliary loss', 'An auxiliary TopK loss for dead latents.'],
    ['AuxK', 'An auxiliary TopK loss that revives dead latents.'],
  ],
  [
    ['Leave-one-out', 'Leave-one-out refinement at inference.'],
    ['Refined codes', 'Refine codes at inference by leave-one-out residuals.'],
  ],
];

const others: [Idea, Idea][] = [
  [paraphrases[3][0], ['Decay', 'Decay the learning rate linearly over the last third of training.']],
  [paraphrases[1][0], ['Decay', 'Decay the learning rate linearly over the last third of training.']],
  [paraphrases[1][0], ['Fixed k', 'Train with a fixed k = 30.']],
  [paraphrases[2][0], ['MLP encoder', 'A small residual MLP after the linear encoder.']],
  [paraphrases[4][0], paraphrases[0][0]],
  [paraphrases[5][0], paraphrases[7][0]],
  [paraphrases[6][0], ['Resampling', 'Resample dead latents every 10k steps.']],
  [
    ['More levels', 'Ten prefixes instead of five.'],
    ['Weights', 'Inner losses with weight 0.5.'],
  ],
  [
    ['Whitening', 'Whiten inputs before encoding.'],
    ['ICA', 'ICA initialisation of the dictionary.'],
  ],
];

describe('ideas that are alike', () => {
  it('are found in other words', () => {
    expect(paraphrases.filter((pair) => !found(pair))).toEqual([]);
  });

  it('are not found where only the subject is the same', () => {
    expect(others.filter(found)).toEqual([]);
  });

  it('are found by their slug, whatever the words, and where only a number differs', () => {
    const earlier = [sprint('Sort', 'Something.', '2026-02-19--10-37-sorting-2')];
    expect(alike(input('sorting', 'Anything', 'Other words entirely'), earlier)).toEqual(earlier);
    const tilt = (t: string): Idea => ['Tilt', `Tilted empirical risk, weights by loss, t = ${t}.`];
    expect(found([tilt('0.002'), tilt('0.02')])).toBe(true);
  });
});
