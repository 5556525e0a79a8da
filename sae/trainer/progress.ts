import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import type { Progress } from '#contract/run';
import type { StepResult } from './step.ts';

const EVERY_MS = 1000;

/** `progress.jsonl`: a line about once a second and at the last step. */
export class ProgressLog {
  private readonly path: string;
  private last = performance.now();
  private lastSeen: number;
  private written = false;

  constructor(
    out: string,
    private readonly totalSamples: number,
    seen: number,
  ) {
    mkdirSync(out, { recursive: true });
    this.path = join(out, 'progress.jsonl');
    this.lastSeen = seen;
    if (existsSync(this.path)) keepUpTo(this.path, seen);
  }

  /** Whether a line is due: after the first step, and once a second. */
  due(now: number): boolean {
    return !this.written || now - this.last >= EVERY_MS;
  }

  write(state: { step: number; seen: number }, result: StepResult, lr: number, deadLatents: number): void {
    const now = performance.now();
    const samplesPerSecond = ((state.seen - this.lastSeen) * 1000) / Math.max(1, now - this.last);
    const values = finiteOf({
      loss: result.loss,
      ...result.losses,
      l0: result.l0,
      dead_latents: deadLatents,
      learning_rate: lr,
      grad_norm: result.gradNorm,
      explained_variance: result.explainedVariance,
    });
    const line: Progress = {
      step: state.step,
      samples: state.seen,
      totalSamples: this.totalSamples,
      samplesPerSecond,
      etaSeconds: Math.max(0, this.totalSamples - state.seen) / samplesPerSecond,
      values,
    };
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
    this.last = now;
    this.lastSeen = state.seen;
    this.written = true;
  }
}

/** Removes the lines after the save from which a run is resumed: they will be written again. */
function keepUpTo(path: string, seen: number): void {
  const lines = readFileSync(path, 'utf8').split('\n');
  const kept = lines.filter((line) => Number(/"samples":(\d+)/.exec(line)?.[1] ?? Infinity) <= seen);
  writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''));
}

/** The finite numbers: JSON has no others. */
export function finiteOf(values: Record<string, number | null | undefined>): Record<string, number> {
  const entries = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(entries) as Record<string, number>;
}
