import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Verdict } from '#contract/verdict';
import { serviceEnv } from '#host/env';
import type { EngineName } from './engines.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** One thread each, so that trainings can run side by side; the numbers do not depend on the thread count. */
const env = serviceEnv({ ENGINE_THREADS: '1' });

export interface Training {
  experiment: string;
  seed: number;
  steps: number;
  engines: readonly EngineName[];
  /** Each engine leaves a run folder here. */
  folder: string;
}

/** Trains with each of the engines (train.ts). */
export async function trained({ experiment, seed, steps, engines, folder }: Training): Promise<void> {
  await lastLine('test/engines/train.ts', [folder, experiment, String(seed), String(steps), ...engines]);
}

/**
 * The largest differences between steps of the engine and the same steps in dense tfjs, as shares (steps.ts).
 */
export async function comparedSteps(experiment: string, seed: number, steps: number, every: number) {
  const line = await lastLine('test/engines/steps.ts', [experiment, seed, steps, every].map(String));
  return line as {
    loss: number;
    gradient: number;
    tie: number;
    ties: number;
    compared: number;
    dead: number;
  };
}

/** The verified F1 of a run folder, every one on the same fresh samples. */
export async function verifiedF1(folder: string, samples: number): Promise<number> {
  const options = ['--tree-dir', root, '--json', '--sandbox', 'off', '--eval-seed', '99'];
  const line = await lastLine('bench/cli/judge.ts', [folder, ...options, '--samples', String(samples)]);
  return Verdict.parse(line).metrics.f1;
}

/** What a program says as JSON in its last line. @throws Error where it fails */
async function lastLine(script: string, args: string[]): Promise<unknown> {
  const child = start(script, args);
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}`);
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}

function start(script: string, args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', join(root, script), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
