import { backendNames } from '#engine/backend';
import {
  AUTO,
  comparison,
  golden,
  inTf32And32,
  isOwn,
  memory,
  type Part,
  RECIPES,
  run,
  sampler,
  serve,
  step,
  twice,
  verdict,
} from './parts.ts';

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
/**
 * Steps that are timed on a card. Those of our own kernels may take less than a millisecond: clocks have to
 * rise, and the few batches that lay ready for the first steps must not count.
 */
const stepsOf = (backend: string): number => (isOwn(backend) ? 500 : 50);
/** Backends that encode by a card's tensor cores. */
const BY_TENSOR_CORES = ['cuda'];
/** On which F1 in TF32 is compared: in-both.ts says what so many can show. */
const SEEDS = [0, 1, 2, 3];
/** Backends that compute nothing on a GPU: their parts come last. */
const SLOW = ['node', 'wasm', 'cpu'];

/**
 * All parts in the order of their worth, given the golden steps that have passed so far: which backends
 * start, the steps of those on a GPU at full size, the whole run, data, SAELens, and then what runs in
 * software, at small sizes. A part that was planned keeps its place among the others when more is known.
 * `drawn`: what draws the samples of the whole run, unless a card may.
 */
export function partsOf(
  { backends, full, samples, peer }: Wish,
  passed: readonly Golden[],
  drawn?: 'processor',
): Part[] {
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
    ...cards.map((backend) => step(backend, RECIPES[0], 'full', stepsOf(backend))),
    ...cards.filter(isOwn).flatMap((name) => [
      step(name, RECIPES[0], 'full', stepsOf(name), { resident: true }),
      // A card that draws has less time to train.
      step(name, RECIPES[0], 'full', stepsOf(name), { drawn: 'processor' }),
    ]),
    ...cards.filter((name) => BY_TENSOR_CORES.includes(name)).map((name) => golden(name, 'tf32')),
    ...RECIPES.flatMap((recipe, i) => [
      ...(i === 0 ? [] : cards.map((backend) => step(backend, recipe, 'full', stepsOf(backend)))),
      ...cards
        .filter((name) => inTf32.includes(name))
        .map((backend) => step(backend, recipe, 'full', stepsOf(backend), { encode: 'tf32' })),
    ]),
    ...(full && trainer !== undefined ? [run(trainer, size, samples[size], drawn)] : []),
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
    ...cards
      .filter((name) => inTf32.includes(name))
      .flatMap((name) => SEEDS.map((seed) => inTf32And32(name, 'full', seed))),
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
      .flatMap((name) => [
        step(name, RECIPES[1], 'small', 5, { encode: 'tf32' }),
        inTf32And32(name, 'small', SEEDS[0]),
      ]),
    ...last.map((name) => golden(name)),
    ...others
      .filter((name) => last.includes(name))
      .flatMap((name) => RECIPES.map((recipe) => step(name, recipe, 'small', 5))),
  ];
}
