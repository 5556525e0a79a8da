import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { chooseBackend } from './choice.ts';
import { goldenStep } from './golden-step.ts';
import { registerGradients } from './gradients.ts';
import { type Form, useForm } from './operation.ts';
import type { Precision, SwitchedOn } from './precision.ts';
import { timeStep } from './time-step.ts';

/** What runs the tensors: printed at the start of a run and recorded in its result. */
export interface Backend {
  name: string;
  /** For a person: "tfjs 4.22.0 wasm (SIMD, 1 thread)". */
  label: string;
  /** Why this backend: it was asked for, or why `auto` passed over those that it tries first. */
  why: string;
  /** Whether a GPU computes; false for a software driver. */
  gpu: boolean;
  /** What its encodes are computed in. */
  encodes: Precision;
}

/**
 * One way to run tensors: the object that each file of `backends/` exports as `backend`. Users select it by
 * the name of the file.
 */
export interface BackendModule {
  /** The name under which it is registered with tfjs. */
  tfName: string;
  /** One line that says why it cannot run here and what to do; null if it may be tried. Loads nothing. */
  missing(): string | null;
  /** Why `auto` passes over it, in one line, where that is known without loading it. */
  notByItself?(): string | null;
  /** Loads it and registers it with tfjs. @throws Error, one line, if it does not start. */
  open(): Promise<Opened>;
  /**
   * Checks what the golden step is too small to reach. Returns what it switched on then.
   * @throws Error for a wrong number.
   */
  prove?(): SwitchedOn | null;
}

export interface Opened {
  /** Details for the user, shown beside the name: "SIMD, 1 thread". */
  detail: string;
  gpu: boolean;
  /**
   * The form of the named operations on it: `kernels` if its numbers lie in the memory of this process,
   * `device` if it is the engine's own on a device.
   */
  form: Form;
  /** Why `auto` passes over it although it runs, in one line. */
  notByItself?: string;
}

/**
 * Backends whose failure `auto` passes over: a driver or a card that does not work is common, and not an
 * error of the engine.
 */
const GPUS = ['cuda', 'opencl', 'node-gpu', 'webgpu'];
/**
 * Both have the same kernels, on one device of one backend of tfjs. By CUDA a replayed step is one launch,
 * copies run beside it, and encodes may use tensor cores.
 */
const INSTEAD_OF = { opencl: 'cuda' };
/** What GPUs are compared with. */
const PROCESSOR = 'embedded';
/** The GPU backends that this repository has. */
export const gpuNames = (): readonly string[] => GPUS.filter((name) => backendNames.includes(name));
/** The order in which `auto` tries: GPUs, then by speed on a training step. */
const ORDER = [...GPUS, 'embedded', 'node', 'wasm', 'cpu'];

/**
 * The backends that this repository has, in the order of `auto`. Opening one shows whether it can run here.
 */
export const backendNames: readonly string[] = ORDER.filter((name) =>
  existsSync(new URL(`./backends/${name}.ts`, import.meta.url)),
);

/**
 * Starts the backend of this name and checks it by one golden step: forward, gradients and Adam on fixed
 * numbers. A backend that does not start, or computes other numbers, is an error; another one is never used
 * silently. `auto` takes the GPU with the fastest training step, or the processor where that is faster; it
 * passes over backends that are not installed, GPUs that do not work and drivers in software, and `why` says
 * so. ENGINE_BACKEND in the environment names the backend that `auto` stands for. `plain` runs the named
 * operations in plain tfjs, the reference for the engine's own kernels.
 * @throws UserError for an unknown name, and for a backend that cannot run here.
 */
export async function openBackend(name = 'auto', { plain = false } = {}): Promise<Backend> {
  const { ENGINE_BACKEND: forced = 'auto' } = process.env;
  if (name !== 'auto') return openOne(name, plain, 'asked for');
  return forced === 'auto' ? openFirst(plain) : openOne(forced, plain, 'asked for by ENGINE_BACKEND');
}

async function openOne(name: string, plain: boolean, why: string): Promise<Backend> {
  if (!backendNames.includes(name)) {
    throw new UserError(`unknown backend "${name}"; there are: auto, ${backendNames.join(', ')}`);
  }
  const module = await load(name);
  const missing = module.missing();
  if (missing) throw new UserError(`backend ${name}: ${missing}`);
  const { notByItself, form, tfName, ...backend } = await start(name, module, plain, false);
  return { ...backend, why };
}

async function openFirst(plain: boolean): Promise<Backend> {
  const candidates = { names: backendNames, gpus: GPUS, insteadOf: INSTEAD_OF, processor: PROCESSOR };
  const choice = await chooseBackend(candidates, {
    async missing(name) {
      const module = await load(name);
      return module.missing() ?? module.notByItself?.() ?? null;
    },
    start: async (name) => start(name, await load(name), plain, true),
    time: timeStep,
  });
  if (choice.name === null) throw new UserError(`no backend runs here: ${choice.why}`);
  const { notByItself, form, tfName, ...backend } = choice.started;
  // Another one may have been started after it.
  await use(tfName, form);
  return { ...backend, why: choice.why };
}

/** Why a backend cannot be started here, in one line: a package or a library is missing. Null: it can be. */
export const missingBackend = async (name: string): Promise<string | null> => (await load(name)).missing();

const load = async (name: string): Promise<BackendModule> =>
  ((await import(`./backends/${name}.ts`)) as { backend: BackendModule }).backend;

type Started = Omit<Backend, 'why'> & Pick<Opened, 'notByItself' | 'form'> & { tfName: string };

/**
 * Starts a backend and checks it. `byItself`: for `auto`, which checks none that it passes over anyway.
 * @throws UserError, one line that names the backend, if it does not start or computes wrong numbers.
 */
async function start(
  name: string,
  module: BackendModule,
  plain: boolean,
  byItself: boolean,
): Promise<Started> {
  try {
    const { detail, gpu, form: own, notByItself } = await module.open();
    const form = plain ? 'plain' : own;
    const labelled = (...details: string[]) => `tfjs ${tf.version_core} ${name} (${details.join(', ')})`;
    const label = labelled(detail, ...(plain ? ['plain tfjs'] : []));
    const started: Started = {
      ...{ name, label, gpu, form, notByItself, tfName: module.tfName, encodes: 'fp32' },
    };
    if (byItself && notByItself !== undefined) return started;
    await use(module.tfName, form);
    registerGradients();
    goldenStep();
    const more = module.prove?.();
    return more ? { ...started, label: labelled(detail, more.detail), encodes: more.encodes } : started;
  } catch (error) {
    throw new UserError(`backend ${name}: ${(error as Error).message.split('\n')[0].trim()}`);
  }
}

async function use(tfName: string, form: Form): Promise<void> {
  const started = await tf.setBackend(tfName);
  // tfjs may return true and select another backend if this one fails to start.
  if (!started || tf.getBackend() !== tfName) throw new Error('tfjs could not start it');
  useForm(form);
}
