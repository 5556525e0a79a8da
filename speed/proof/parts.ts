import type { Way } from '#bench/sampler/device/drivers';
import { backendNames } from '#engine/backend';

/** The recipes that are timed: the two ends of the published path (speed/step/plan.ts). */
const RECIPES = ['LISTA-Matryoshka', 'BatchTopK'] as const;
export type Recipe = (typeof RECIPES)[number];

/** How a step is computed: with its encodes by tensor cores; on one batch again and again. */
interface How {
  encode?: 'tf32';
  resident?: boolean;
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
  | { kind: 'peer'; backend: string; size: 'full' | 'small' }
  | { kind: 'run'; backend: string; size: 'full' | 'small'; samples: number };

/** A part of the proof: it runs in a process of its own, so that its failure costs nothing else. */
export interface Part {
  /** Unique among the parts: "step opencl BatchTopK". */
  id: string;
  asked: Asked;
  /** Seconds after which it is ended, and the seconds below which it is not begun. */
  limit: number;
  least: number;
}

/** How a backend answered: its golden step passed, on a GPU or in software. */
export interface Golden {
  backend: string;
  label: string;
  gpu: boolean;
  seconds: number;
  /** Whether this was the golden encode by tensor cores. */
  encode?: 'tf32';
}

export interface Wish {
  /** The backends of the proof; empty: all. */
  backends: readonly string[];
  /** Whether the default recipe is trained to its end and judged. */
  full: boolean;
  /** Training samples of that run. */
  samples: { full: number; small: number };
  /** Whether SAELens is here to be compared with. */
  peer: boolean;
}

/** The fastest backend without a GPU: what a card is compared with. */
const PROCESSOR = 'embedded';
/** Backends whose kernels are the engine's own; those that encode by a card's tensor cores. */
const OWN: readonly string[] = ['opencl', 'cuda'] satisfies Way[];
const BY_TENSOR_CORES = ['cuda'];
/** Backends that compute nothing on a GPU: their parts come last. */
const SLOW = ['node', 'wasm', 'cpu'];

/**
 * All parts in the order of their worth, given the golden steps that have passed so far: which backends
 * start, the steps of those on a GPU at full size, the whole run, data, SAELens, and then what runs in
 * software, at small sizes. A part that was planned keeps its place among the others when more is known.
 */
export function partsOf({ backends, full, samples, peer }: Wish, passed: readonly Golden[]): Part[] {
  const wanted = backendNames.filter((name) => backends.length === 0 || backends.includes(name));
  const first = wanted.filter((name) => !SLOW.includes(name));
  const last = wanted.filter((name) => SLOW.includes(name));
  const ofName = (some: readonly Golden[]) =>
    wanted.flatMap((name) => some.filter(({ backend }) => backend === name));
  const started = ofName(passed.filter(({ encode }) => encode === undefined));
  const inTf32 = ofName(passed.filter(({ encode }) => encode === 'tf32')).map(({ backend }) => backend);
  const cards = started.filter(({ gpu }) => gpu).map(({ backend }) => backend);
  const others = started.map(({ backend }) => backend).filter((name) => !cards.includes(name));
  const size = cards.length > 0 ? 'full' : 'small';
  // Without a card the processor trains: a run of the small world takes a minute there.
  const trainer = cards[0] ?? others.find((name) => name === PROCESSOR) ?? others[0];
  return [
    ...first.map((name) => golden(name)),
    ...cards.map((backend) => step(backend, RECIPES[0], 'full', 50)),
    ...cards.filter(isOwn).map((name) => step(name, RECIPES[0], 'full', 50, { resident: true })),
    ...cards.filter((name) => BY_TENSOR_CORES.includes(name)).map((name) => golden(name, 'tf32')),
    ...RECIPES.flatMap((recipe, i) => [
      ...(i === 0 ? [] : cards.map((backend) => step(backend, recipe, 'full', 50))),
      ...cards
        .filter((name) => inTf32.includes(name))
        .map((backend) => step(backend, recipe, 'full', 50, { encode: 'tf32' })),
    ]),
    ...(full && trainer !== undefined ? [run(trainer, size, samples[size])] : []),
    serve(size),
    ...started.flatMap(({ backend }) => (isOwn(backend) ? [sampler(backend, size)] : [])),
    ...(peer && trainer !== undefined ? [comparison(trainer, size)] : []),
    ...(trainer !== undefined ? [verdict(trainer, size)] : []),
    ...started
      .filter(({ backend }) => isOwn(backend))
      .slice(0, 1)
      .map(({ backend }) => twice(backend, size)),
    // Without a card the memory is that of the machine.
    ...cards.filter(isOwn).map(memory),
    ...(backends.length === 0 ? [AUTO] : []),
    ...others
      .filter((name) => name === PROCESSOR)
      .flatMap((name) => RECIPES.map((recipe) => step(name, recipe, size, size === 'full' ? 5 : 20))),
    ...others
      .filter((name) => first.includes(name) && name !== PROCESSOR)
      .flatMap((name) => RECIPES.map((recipe) => step(name, recipe, 'small', 5))),
    // In software the tensor cores are emulated: what runs here would run there.
    ...others.filter(isOwn).map((name) => golden(name, 'tf32')),
    ...others
      .filter((name) => inTf32.includes(name))
      .map((name) => step(name, RECIPES[1], 'small', 5, { encode: 'tf32' })),
    ...last.map((name) => golden(name)),
    ...others
      .filter((name) => last.includes(name))
      .flatMap((name) => RECIPES.map((recipe) => step(name, recipe, 'small', 5))),
  ];
}

/** Kernels are compiled at the first start, which takes software drivers half a minute and more. */
const golden = (backend: string, encode?: 'tf32'): Part => ({
  id: encode ? `golden encode ${backend} TF32` : `golden step ${backend}`,
  asked: { kind: 'golden', backend, ...(encode && { encode }) },
  limit: 240,
  least: 5,
});

const step = (
  backend: string,
  recipe: Recipe,
  size: 'full' | 'small',
  steps: number,
  how: How = {},
): Part => ({
  id: `step ${backend} ${recipe}${how.encode ? ' TF32' : ''}${how.resident ? ' alone' : ''}`,
  asked: { kind: 'step', backend, recipe, size, steps, ...how },
  limit: 300,
  least: 15,
});

const serve = (size: 'full' | 'small'): Part => ({
  id: 'data service',
  asked: { kind: 'serve', size },
  limit: 180,
  least: 20,
});

const isOwn = (backend: string): backend is Way => OWN.includes(backend);

const sampler = (by: Way, size: 'full' | 'small'): Part => ({
  id: `device sampler ${by}`,
  asked: { kind: 'sampler', by, size },
  limit: 120,
  least: 15,
});

/** Two runs of the same steps. */
const twice = (backend: string, size: 'full' | 'small'): Part => ({
  id: `the same steps twice ${backend}`,
  asked: { kind: 'twice', backend, size },
  limit: 240,
  least: 30,
});

const verdict = (backend: string, size: 'full' | 'small'): Part => ({
  id: `verdict ${backend}`,
  asked: { kind: 'verdict', backend, size },
  limit: 900,
  least: 60,
});

const memory = (by: Way): Part => ({
  id: `full memory ${by}`,
  asked: { kind: 'memory', by },
  limit: 60,
  least: 10,
});

/** What `--backend auto` would take. */
const AUTO: Part = { id: 'choice of auto', asked: { kind: 'auto' }, limit: 240, least: 15 };

const comparison = (backend: string, size: 'full' | 'small'): Part => ({
  id: 'SAELens beside it',
  asked: { kind: 'peer', backend, size },
  limit: 900,
  least: 120,
});

const run = (backend: string, size: 'full' | 'small', samples: number): Part => ({
  id: `whole run ${backend}`,
  asked: { kind: 'run', backend, size, samples },
  limit: 6 * 3600,
  least: 60,
});
