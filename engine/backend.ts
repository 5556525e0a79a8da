import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { goldenStep } from './golden-step.ts';
import { registerGradients } from './gradients.ts';
import { type Form, useForm } from './operation.ts';

/** What runs the tensors: printed at the start of a run and recorded in its result. */
export interface Backend {
  name: string;
  /** For a person: "tfjs 4.22.0 wasm (SIMD, 1 thread)". */
  label: string;
  /** Why this one: it was asked for, or what became of those that `auto` would rather have had. */
  why: string;
  /** Whether a GPU computes, a real one. */
  gpu: boolean;
}

/**
 * One way to run tensors: what a file of `backends/` exports as `backend`. Users call it by the file's name.
 */
export interface BackendModule {
  /** tfjs' name of it, once it is registered. */
  tfName: string;
  /**
   * Why it cannot run here and what to do, in one line; null where it may be tried. Looks only, and loads
   * nothing.
   */
  missing(): string | null;
  /** Loads it and registers it with tfjs. @throws Error, one line, where it does not start. */
  open(): Promise<Opened>;
  /** Proves what the golden step is too small to reach. @throws Error for a wrong number. */
  prove?(): void;
}

export interface Opened {
  /** What a person wants to know beside the name: "SIMD, 1 thread". */
  detail: string;
  gpu: boolean;
  /**
   * The form that the named operations take on it: `kernels` where its numbers lie in this process's memory.
   */
  form: Form;
  /** Why `auto` passes over it although it runs, in one line. */
  notByItself?: string;
}

/**
 * Where `auto` may pass over a failure: a driver or a card that does not work is common, and no fault of
 * ours.
 */
const GPUS = ['node-gpu', 'webgpu'];
/** The order in which `auto` tries: GPUs, then by speed on a training step. */
const ORDER = [...GPUS, 'embedded', 'node', 'wasm', 'cpu'];

/**
 * The backends that this repository has, in the order of `auto`. Whether one can run here shows when it is
 * opened.
 */
export const backendNames: readonly string[] = ORDER.filter((name) =>
  existsSync(new URL(`./backends/${name}.ts`, import.meta.url)),
);

/**
 * Starts the backend of that name and proves it by one golden step: forward, gradients and Adam on fixed
 * numbers. Nothing is switched silently: one that does not start, or computes something else, is an error.
 * `auto` passes over what is not installed and over GPUs that do not work, and `why` says so; ENGINE_BACKEND
 * in the environment makes `auto` mean that one. `plain` makes the named operations plain tfjs: what our own
 * kernels are compared with.
 * @throws UserError for a name there is not, and for a backend that cannot run here.
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
  const { notByItself, ...backend } = await start(name, module, plain);
  return { ...backend, why };
}

async function openFirst(plain: boolean): Promise<Backend> {
  const why = [`the first that runs here of ${backendNames.join(', ')}`];
  for (const name of backendNames) {
    const module = await load(name);
    const missing = module.missing();
    if (missing) {
      why.push(`${name}: ${missing}`);
      continue;
    }
    try {
      const { notByItself, ...backend } = await start(name, module, plain);
      if (!notByItself) return { ...backend, why: why.join('; ') };
      why.push(`${name}: ${notByItself}`);
    } catch (error) {
      if (!GPUS.includes(name)) throw error;
      why.push((error as Error).message.replace('backend ', ''));
    }
  }
  throw new UserError(`no backend runs here: ${why.join('; ')}`);
}

const load = async (name: string): Promise<BackendModule> =>
  ((await import(`./backends/${name}.ts`)) as { backend: BackendModule }).backend;

type Started = Omit<Backend, 'why'> & Pick<Opened, 'notByItself'>;

/**
 * @throws UserError, one line that names the backend, where it does not start or its numbers are not right.
 */
async function start(name: string, module: BackendModule, plain: boolean): Promise<Started> {
  try {
    const { detail, gpu, form, notByItself } = await module.open();
    const started = await tf.setBackend(module.tfName);
    // tfjs answers true and takes another backend where one fails to start.
    if (!started || tf.getBackend() !== module.tfName) throw new Error('tfjs could not start it');
    registerGradients();
    useForm(plain ? 'plain' : form);
    goldenStep();
    module.prove?.();
    const label = `tfjs ${tf.version_core} ${name} (${detail}${plain ? ', plain tfjs' : ''})`;
    return { name, label, gpu, notByItself };
  } catch (error) {
    throw new UserError(`backend ${name}: ${(error as Error).message.split('\n')[0].trim()}`);
  }
}
