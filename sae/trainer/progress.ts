import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import type { Progress } from '#contract/run';
import type { StepResult } from './step.ts';

const EVERY_MS = 1000;
/** Milliseconds after which an earlier speed counts 1/e in the time left. */
const MEMORY_MS = 10_000;

/** `progress.jsonl`: a line about once a second and at the last step. */
export class ProgressLog {
  private readonly path: string;
  private last = performance.now();
  private lastSeen: number;
  private written = false;
  private readonly pace = new Pace();

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
    const [trained, ms] = [state.seen - this.lastSeen, Math.max(1, now - this.last)];
    // The first step compiles and allocates: its speed says nothing of the time left.
    if (this.written) this.pace.add(trained, ms);
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
      samplesPerSecond: (trained * 1000) / ms,
      ...this.pace.left(this.totalSamples - state.seen),
      values,
    };
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
    this.last = now;
    this.lastSeen = state.seen;
    this.written = true;
  }
}

/** The speed of the last seconds, in which older ones count less and less. */
export class Pace {
  private samples = 0;
  private ms = 0;

  add(samples: number, ms: number): void {
    const kept = Math.exp(-ms / MEMORY_MS);
    this.samples = this.samples * kept + samples;
    this.ms = this.ms * kept + ms;
  }

  /** The time that so many samples take; nothing while no speed is known. */
  left(samples: number): { etaSeconds?: number } {
    if (samples <= 0) return { etaSeconds: 0 };
    return this.samples > 0 ? { etaSeconds: (samples * this.ms) / (1000 * this.samples) } : {};
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
