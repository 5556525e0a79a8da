import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { writeJsonAtomic } from '#contract/atomic';
import type { TrainResult } from '#contract/run';
import { held } from '#engine/tracking';
import { writeCheckpoint } from './checkpoint.ts';
import { DeadLatents } from './dead-latents.ts';
import { divergence } from './divergence.ts';
import { failureOf, unlessLost } from './failure.ts';
import { autotune, autotunerDefaults } from './l0-autotuner.ts';
import { foldScale, measureScale, requirePowers } from './normalisation.ts';
import { type Batches, freshState, type Plan, type RunState } from './plan.ts';
import { finiteOf, ProgressLog } from './progress.ts';
import { type End, resultOf, type SoFar } from './result.ts';
import { readResumeState, readWeights, writeResumeState } from './resume.ts';
import { durations, learningRate } from './schedules.ts';
import { createModel, type Model, type RunResult } from './step.ts';
import { type Steps, stepsOf } from './steps.ts';

type Batch = NonNullable<ReturnType<Batches['next']>>;

/**
 * Trains an SAE. Writes progress, snapshots and checkpoints into `plan.out`, and result.json last. A step is
 * that of SAELens: forward pass with the coefficients and dead latents from before the step, gradients
 * clipped, Adam, dead latents counted, schedules. `stop` saves and ends the run after the present step.
 */
export async function train(plan: Plan, data: Batches, stop: AbortSignal): Promise<TrainResult> {
  let run: Run | null = null;
  let end: End;
  try {
    run = new Run(plan, data);
    end = await run.steps(stop);
    run.finish(end);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) throw error;
    end = { ...failure, reason: `${failure.reason}${run?.lastGood ?? ''}` };
  } finally {
    unlessLost(() => run?.dispose());
  }
  const result = resultOf(plan, end, run?.soFar() ?? { state: freshState(), seconds: 0, claimed: {} });
  writeJsonAtomic(join(plan.out, 'result.json'), result);
  return result;
}

class Run {
  private readonly model: Model;
  private readonly dead: DeadLatents;
  private readonly state: RunState = freshState();
  private readonly progress: ProgressLog;
  private readonly trainingSteps: number;
  private readonly training: Steps;
  private last: RunResult | null = null;
  /** Whether the last step's numbers were not read yet. */
  private isUnread = false;
  /** Where the last good weights are, for the reason of a failed run. */
  lastGood = '';
  private readonly started = performance.now();
  private readonly secondsBefore: number;

  constructor(
    private readonly plan: Plan,
    private readonly data: Batches,
  ) {
    const { trainer, sae, architecture } = plan;
    this.model = createModel(architecture, sae, architecture.init(sae, plan.random), trainer);
    if (trainer.normalize_activations !== 'none') requirePowers(this.model);
    this.dead = new DeadLatents(held(new Float64Array(sae.d_sae)), trainer.dead_feature_window);
    this.trainingSteps = Math.max(1, Math.floor(plan.samples / data.header.batchRows));
    if (plan.from !== undefined && !plan.resume) readWeights(plan.from, this.model);
    if (plan.resume) {
      readResumeState(plan, this.model, this.dead, this.state);
      this.lastGood = weightsIn('checkpoint.safetensors', this.state.seen);
      const before = this.state.backends.at(-1);
      if (before !== plan.backend) {
        plan.warn?.(
          `saved on ${before}, resumed on ${plan.backend}: the weights will differ in their last digits`,
        );
      }
    }
    if (this.state.backends.at(-1) !== plan.backend) this.state.backends.push(plan.backend);
    this.training = stepsOf(this.model, this.dead, data.header.d, this.trainingSteps);
    this.secondsBefore = this.state.seconds;
    this.progress = new ProgressLog(plan.out, plan.samples, this.state.seen);
  }

  /** Trains until the samples are reached or the run ends early. */
  async steps(stop: AbortSignal): Promise<End> {
    const { state, plan } = this;
    const { normalize_activations, n_batches_for_norm_estimate } = plan.trainer;
    if (!plan.resume && normalize_activations !== 'none') {
      Object.assign(state, await measureScale(this.data, n_batches_for_norm_estimate, stop));
    }
    let saved = performance.now();
    let yielded = saved;
    while (state.seen < plan.samples) {
      if (stop.aborted) {
        const late = this.settle();
        return late
          ? { status: 'diverged', reason: late }
          : { status: 'interrupted', reason: 'asked to stop' };
      }
      const batch = this.data.next();
      if (batch === null) return { status: 'failed', reason: `the data ended after ${state.seen} rows` };
      // The stream of a resumed run may begin earlier: skip the batches that were used.
      if (state.nextBatch !== null && batch.batchIndex < state.nextBatch) continue;
      if (batch.batchIndex > (state.nextBatch ?? batch.batchIndex)) {
        const reason = `the data continue at batch ${batch.batchIndex} instead of ${state.nextBatch}`;
        return { status: 'failed', reason };
      }
      const trouble = this.oneStep(batch);
      if (trouble) return { status: 'diverged', reason: trouble };
      const now = performance.now();
      if (now - saved > 1000 * (plan.saveEvery ?? 30)) {
        const unsaved = this.settle();
        if (unsaved) return { status: 'diverged', reason: unsaved };
        this.save();
        saved = now;
      }
      // Signals and timers are handled between steps only.
      if (now - yielded > 50) {
        await new Promise((resolve) => setImmediate(resolve));
        yielded = now;
      }
    }
    return { status: 'finished', reason: null };
  }

  /** One step with its bookkeeping. Returns why training cannot continue, or null. */
  private oneStep(batch: Batch): string | null {
    const { state, plan, dead } = this;
    const rates = { ...plan.trainer, ...durations(plan.trainer, this.trainingSteps) };
    const seen = state.seen + batch.rows;
    const final = seen >= plan.samples;
    const measure = final || this.progress.due(performance.now());
    const rate = learningRate(state.step, this.trainingSteps, rates);

    const { target_l0 } = plan.trainer;
    const deadBefore = plan.onStep ? dead.count : 0;
    this.training.run({
      x: state.scale === 1 ? batch.x : batch.x.map((v) => v * state.scale),
      rows: batch.rows,
      step: state.step,
      learningRate: rate,
      multiplier: state.autotuner.multiplier,
      firstLoss: state.firstLoss,
      measure,
    });
    this.isUnread = true;
    const isWanted = measure || plan.onStep || target_l0 !== null || !this.training.areLazy;
    const trouble = isWanted ? this.settle() : null;
    if (plan.onStep && this.last) plan.onStep(this.last, deadBefore);
    if (trouble) return trouble;
    if (target_l0 !== null && this.last) {
      const settings = { ...autotunerDefaults, target_l0, start_step: rates.autotuneStart };
      state.autotuner = autotune(state.autotuner, this.last.l0, state.step, settings);
    }
    const reached = (rows: number) => Math.floor((rows * plan.trainer.n_snapshots) / plan.samples);
    const isSnapshot = !final && reached(seen) > reached(state.seen);
    state.step++;
    state.seen = seen;
    state.nextBatch = batch.batchIndex + 1;
    if (measure && this.last) this.progress.write(state, this.last, rate, dead.count);
    if (isSnapshot) {
      const late = this.settle();
      if (late) return late;
      this.snapshot();
    }
    return null;
  }

  /** Reads the last step's numbers if that was not done. Returns why training cannot continue, or null. */
  private settle(): string | null {
    if (!this.isUnread) return null;
    this.isUnread = false;
    const { state } = this;
    const result = this.training.result();
    this.last = result;
    state.firstLoss ??= result.loss;
    state.claimed = claimsOf(result);
    const trouble = divergence(result, state.firstLoss);
    return trouble && `${trouble}${this.lastGood}`;
  }

  /** Writes the last files of a run. */
  finish(end: End): void {
    if (end.status === 'finished') {
      foldScale(this.model, this.state.scale);
      this.state.scale = 1;
      this.save();
      this.snapshot();
    } else if (end.status === 'interrupted' && this.state.step > 0) {
      this.save();
    }
  }

  dispose(): void {
    this.training.dispose();
    tf.dispose(this.model.variables);
  }

  private save(): void {
    this.state.seconds = this.seconds();
    this.write('checkpoint.safetensors');
    writeResumeState(this.plan, this.model, this.dead, this.state);
  }

  private snapshot(): void {
    this.write(`evals/${this.state.seen}.safetensors`);
  }

  private write(name: string): void {
    writeCheckpoint(join(this.plan.out, name), this.model, this.about());
    this.lastGood = weightsIn(name, this.state.seen);
  }

  private about() {
    const { architectureName: architecture, addons, experiment } = this.plan;
    return { architecture, addons, experiment, samples: this.state.seen, scale: this.state.scale };
  }

  private seconds(): number {
    return this.secondsBefore + (performance.now() - this.started) / 1000;
  }

  soFar(): SoFar {
    const { state, last } = this;
    const claimed = {
      ...unlessLost(() => ({ dead_latents: this.dead.count })),
      ...(last ? claimsOf(last) : state.claimed),
    };
    return { state, seconds: this.seconds(), claimed };
  }
}

const weightsIn = (name: string, samples: number) => `; the weights after ${samples} samples are in ${name}`;

const claimsOf = ({ loss, l0, explainedVariance }: RunResult) =>
  finiteOf({ loss, l0, explained_variance: explainedVariance });
