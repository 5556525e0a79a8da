import { join } from 'node:path';
import type { Case } from './run.ts';

/**
 * Sizes of the published model. Its directions are not orthogonalised: it builds in a second and times the
 * same.
 */
export const FULL_SIZE = join(import.meta.dirname, 'full-size.json');

export interface StepOptions {
  backend: string;
  sandbox?: Case['sandbox'];
  /** Widths at full size (d_in 768, batch 1024). */
  widths: readonly number[];
  /** Thread counts of the engine; where empty, the engine chooses. */
  threads: readonly number[];
  /** Also times the dense tfjs form, which takes a minute. */
  yardstick: boolean;
  /** Also times full size without the system's OpenBLAS, where there is one. */
  npmAlone: boolean;
  /** The released model's folder or name; undefined where the model is not on this machine. */
  fullWorld?: string;
}

export interface Planned {
  title: string;
  recipe: string;
  asked: Case;
  /** Dense encodes in a step. */
  encodes: number;
}

/**
 * The recipes that are timed: the two ends of the published path. k is constant, so every step is the same
 * work.
 */
const RECIPES = [
  { name: 'BatchTopK', experiment: 'baseline_batchtopk', encodes: 1, settings: () => [] },
  {
    name: 'LISTA-Matryoshka',
    experiment: 'default',
    encodes: 2,
    settings: (width: number) => [
      'initial_k=null',
      'transition_k_duration_fraction=null',
      `matryoshka_widths=${JSON.stringify([width / 32, width / 8, width / 2])}`,
    ],
  },
];

/**
 * All measurements in order: the small world, then full size; plain tfjs comes before what is compared with
 * it.
 */
export function planned(options: StepOptions): Planned[] {
  const { backend, sandbox } = options;
  const common = { backend, sandbox, plain: false, threads: null, npmAlone: false };
  const plan: Planned[] = RECIPES.map(({ name, experiment, encodes, settings }) => ({
    title: `step ${name}`,
    recipe: name,
    encodes,
    asked: {
      ...common,
      ...{ experiment, world: 'small', profile: 'small', settings: settings(128), warmUp: 20, steps: 100 },
    },
  }));
  const full = { ...common, world: options.fullWorld ?? FULL_SIZE, profile: '16k', warmUp: 3, steps: 10 };
  const threads = options.threads.length > 0 ? options.threads : [null];
  for (const { name, experiment, encodes, settings } of RECIPES) {
    for (const width of options.widths) {
      const sized = { ...full, experiment, settings: [`d_sae=${width}`, ...settings(width)] };
      const add = (title: string, change: Partial<Case>) =>
        plan.push({ title, recipe: name, encodes, asked: { ...sized, ...change } });
      // Dense tfjs uses the engine's own dense products: on wasm, tfjs' fastest backend for a CPU, a step
      // takes half a minute.
      if (options.yardstick) {
        add(`step plain tfjs ${name}`, { backend: 'embedded', plain: true, warmUp: 1, steps: 3 });
      }
      for (const count of threads) {
        add(`step ${name}`, { threads: count });
        if (options.npmAlone) add(`step ${name}, npm alone`, { threads: count, npmAlone: true });
      }
    }
  }
  return plan;
}
