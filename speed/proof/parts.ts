import type { Way } from '#bench/sampler/device/drivers';

/** The recipes that are timed: the two ends of the published path (speed/step/plan.ts). */
export const RECIPES = ['LISTA-Matryoshka', 'BatchTopK'] as const;
export type Recipe = (typeof RECIPES)[number];

/**
 * How a step is computed: with its encodes by tensor cores; on one batch again and again; on samples that the
 * processor draws beside the card, where a card would draw them.
 */
interface How {
  encode?: 'tf32';
  resident?: boolean;
  drawn?: 'processor';
}

/** What a child process is asked for, as JSON. */
export type Asked =
  | { kind: 'golden'; backend: string; encode?: 'tf32' }
  | ({ kind: 'step'; backend: string; recipe: Recipe; size: 'full' | 'small'; steps: number } & How)
  | { kind: 'twice'; backend: string; size: 'full' | 'small' }
  | { kind: 'verdict'; backend: string; size: 'full' | 'small' }
  | { kind: 'memory'; by: Way }
  | { kind: 'auto' }
  | { kind: 'sampler'; by: Way; size: 'full' | 'small' }
  | { kind: 'serve'; size: 'full' | 'small' }
  | { kind: 'tf32'; backend: string; size: 'full' | 'small'; seed: number }
  | { kind: 'peer'; backend: string; size: 'full' | 'small' }
  | { kind: 'run'; backend: string; size: 'full' | 'small'; samples: number; drawn?: 'processor' };

/** A part of the proof: it runs in a process of its own, so that its failure costs nothing else. */
export interface Part {
  /** Unique among the parts: "step opencl BatchTopK". */
  id: string;
  asked: Asked;
  /** Seconds after which it is ended, and the seconds below which it is not begun. */
  limit: number;
  least: number;
}

/** Kernels are compiled at the first start, which takes software drivers half a minute and more. */
export const golden = (backend: string, encode?: 'tf32'): Part => ({
  id: encode ? `golden encode ${backend} TF32` : `golden step ${backend}`,
  asked: { kind: 'golden', backend, ...(encode && { encode }) },
  limit: 240,
  least: 5,
});

export const step = (
  backend: string,
  recipe: Recipe,
  size: 'full' | 'small',
  steps: number,
  how: How = {},
): Part => ({
  id: `step ${backend} ${recipe}${how.encode ? ' TF32' : ''}${how.resident ? ' alone' : ''}${how.drawn ? ', drawn by the processor' : ''}`,
  asked: { kind: 'step', backend, recipe, size, steps, ...how },
  limit: 300,
  least: 15,
});

export const serve = (size: 'full' | 'small'): Part => ({
  id: 'data service',
  asked: { kind: 'serve', size },
  limit: 180,
  least: 20,
});

/** Backends whose kernels are the engine's own. */
const OWN: readonly string[] = ['opencl', 'cuda'] satisfies Way[];
export const isOwn = (backend: string): backend is Way => OWN.includes(backend);

export const sampler = (by: Way, size: 'full' | 'small'): Part => ({
  id: `device sampler ${by}`,
  asked: { kind: 'sampler', by, size },
  limit: 120,
  least: 15,
});

/** Two runs of the same steps. */
export const twice = (backend: string, size: 'full' | 'small'): Part => ({
  id: `the same steps twice ${backend}`,
  asked: { kind: 'twice', backend, size },
  limit: 240,
  least: 30,
});

export const verdict = (backend: string, size: 'full' | 'small'): Part => ({
  id: `verdict ${backend}`,
  asked: { kind: 'verdict', backend, size },
  limit: 900,
  // At full size the judge's own drawing, counting and matching take some 50 s of a core (docs/backends.md).
  least: size === 'full' ? 90 : 60,
});

export const memory = (by: Way): Part => ({
  id: `full memory ${by}`,
  asked: { kind: 'memory', by },
  limit: 60,
  least: 10,
});

/** What `--backend auto` would take. */
export const AUTO: Part = { id: 'choice of auto', asked: { kind: 'auto' }, limit: 240, least: 15 };

/** A seed in float32 and in TF32: a part each, so that as many are made as there is time for. */
export const inTf32And32 = (backend: string, size: 'full' | 'small', seed: number): Part => ({
  id: `F1 in TF32 ${backend} seed ${seed}`,
  asked: { kind: 'tf32', backend, size, seed },
  limit: 600,
  least: 60,
});

export const comparison = (backend: string, size: 'full' | 'small'): Part => ({
  id: 'SAELens beside it',
  asked: { kind: 'peer', backend, size },
  limit: 900,
  least: 120,
});

export const run = (backend: string, size: 'full' | 'small', samples: number, drawn?: 'processor'): Part => ({
  id: `whole run ${backend}`,
  asked: { kind: 'run', backend, size, samples, ...(drawn && { drawn }) },
  limit: 6 * 3600,
  least: 60,
});
