import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { writeJsonAtomic } from '#contract/atomic';
import type { TrainResult } from '#contract/run';
import type { Architecture, BaseConfig } from '../architecture.ts';
import { writeCheckpoint } from './checkpoint.ts';
import type { TrainerConfig } from './config.ts';
import { DeadLatents } from './dead-latents.ts';
import { type AutotunerState, autotune, autotunerDefaults } from './l0-autotuner.ts';
import { foldScale, measureScale } from './normalisation.ts';
import { finiteOf, ProgressLog } from './progress.ts';
import { readResumeState, writeResumeState } from './resume.ts';
import { durations, learningRate } from './schedules.ts';
import { createModel, type Model, type StepResult, trainStep } from './step.ts';

/** Batches in order, read synchronously: `#bench/stream/reader`, or anything like it. */
export interface Batches {
  next(): { x: Float32Array; rows: number; batchIndex: number } | null;
  readonly header: { d: number; batchRows: number };
}

/** One training run, all decided. */
export interface Plan {
  experiment: string;
  architectureName: string;
  architecture: Architecture;
  sae: BaseConfig;
  trainer: TrainerConfig;
  addons: Record<string, unknown>;
  samples: number;
  /** Uniform numbers for the initial weights. */
  random: () => number;
  /** The run's `out/`. */
  out: string;
  backend: string;
  resume: boolean;
  /** Seconds between saves from which a killed run can be resumed; 30 if not given. */
  saveEvery?: number;
  /** Called after every step, for whoever watches. */
  onStep?(result: StepResult): void;
}

/** A loss so many times the first one will not come back. */
const EXPLODED = 1e6;

/** What changes from step to step beside the model. */
export interface RunState {
  step: number;
  seen: number;
  /** Index that the next batch of the stream must have; null before the first. */
  nextBatch: number | null;
  scale: number;
  normalisationSamples: number;
  autotuner: AutotunerState;
  firstLoss: number | null;
  seconds: number;
}

type End = Pick<TrainResult, 'status' | 'reason'>;

/**
 * Trains as planned, writing progress, snapshots and checkpoints into `plan.out`, and result.json last. Steps as in
 * SAELens: forward with the coefficients and dead latents as of before the step, dead latents counted, gradients clipped,
 * Adam, schedules. `stop` ends the run after its present step, saved.
 */
export async function train(plan: Plan, data: Batches, stop: AbortSignal): Promise<TrainResult> {
  const started = performance.now();
  const { trainer, samples } = plan;
  const weights = plan.architecture.init(plan.sae, plan.random);
  const model = createModel(plan.architecture, plan.sae, weights, trainer);
  const dead = new DeadLatents(plan.sae.d_sae, trainer.dead_feature_window);
  const state: RunState = {
    step: 0,
    seen: 0,
    nextBatch: null,
    scale: 1,
    normalisationSamples: 0,
    autotuner: { multiplier: 1, smoothed: null, rate: 0 },
    firstLoss: null,
    seconds: 0,
  };
  if (plan.resume) readResumeState(plan.out, model, dead, state);
  else if (trainer.normalize_activations !== 'none') {
    Object.assign(state, measureScale(data, trainer.n_batches_for_norm_estimate));
  }
  const before = state.seconds;
  const progress = new ProgressLog(plan.out, samples, state.seen);
  const { end, last } = await steps();
  state.seconds = before + (performance.now() - started) / 1000;
  if (end.status === 'finished') {
    foldScale(model, state.scale);
    save({ ...state, scale: 1 });
    snapshot({ ...state, scale: 1 });
  } else if (end.status === 'interrupted' && state.step > 0) {
    save(state);
  }
  const result = resultOf(end, last);
  tf.dispose(model.variables);
  writeJsonAtomic(join(plan.out, 'result.json'), result);
  return result;

  async function steps(): Promise<{ end: End; last: StepResult | null }> {
    const batch = data.header.batchRows;
    const trainingSteps = Math.max(1, Math.floor(samples / batch));
    const rates = { ...trainer, ...durations(trainer, trainingSteps) };
    let last: StepResult | null = null;
    let saved = performance.now();
    let yielded = performance.now();
    while (state.seen < samples) {
      if (stop.aborted) return { end: { status: 'interrupted', reason: 'asked to stop' }, last };
      const next = data.next();
      if (next === null) {
        return { end: { status: 'failed', reason: `the data ended after ${state.seen} rows` }, last };
      }
      // A resumed run whose stream begins earlier passes over what it has had.
      if (state.nextBatch !== null && next.batchIndex < state.nextBatch) continue;
      state.nextBatch = next.batchIndex + 1;
      state.seen += next.rows;
      const final = state.seen >= samples;
      const now = performance.now();
      const measure = final || progress.due(now);
      const lr = learningRate(state.step, trainingSteps, rates);
      last = oneStep(next, { lr, trainingSteps, autotuneStart: rates.autotuneStart, measure });
      plan.onStep?.(last);
      const trouble = divergence(last, state);
      if (trouble) return { end: { status: 'diverged', reason: trouble }, last };
      if (measure) progress.write({ ...state, step: state.step + 1 }, last, lr, dead.count);
      const reached = Math.floor((state.seen * trainer.n_snapshots) / samples);
      const had = Math.floor(((state.seen - next.rows) * trainer.n_snapshots) / samples);
      state.step++;
      if (!final && reached > had) snapshot(state);
      if (now - saved > 1000 * (plan.saveEvery ?? 30)) {
        state.seconds = before + (now - started) / 1000;
        save(state);
        saved = now;
      }
      // Signals and timers get their turn between steps only.
      if (now - yielded > 50) {
        await new Promise((resolve) => setImmediate(resolve));
        yielded = performance.now();
      }
    }
    return { end: { status: 'finished', reason: null }, last };
  }

  function oneStep(
    batch: { x: Float32Array; rows: number },
    { lr, trainingSteps, autotuneStart, measure }: StepPlan,
  ): StepResult {
    const values = state.scale === 1 ? batch.x : batch.x.map((v) => v * state.scale);
    const x = tf.tensor2d(values, [batch.rows, data.header.d]);
    const result = trainStep(model, {
      x,
      step: state.step,
      trainingSteps,
      learningRate: lr,
      dead: dead.mask(),
      multiplier: state.autotuner.multiplier,
      measure,
    });
    x.dispose();
    dead.update(result.acts);
    if (trainer.target_l0 !== null) {
      const settings = { ...autotunerDefaults, target_l0: trainer.target_l0, start_step: autotuneStart };
      state.autotuner = autotune(state.autotuner, result.l0, state.step, settings);
    }
    state.firstLoss ??= result.loss;
    return result;
  }

  function save(at: RunState): void {
    writeCheckpoint(join(plan.out, 'checkpoint.safetensors'), model, about(at));
    writeResumeState(plan.out, model, dead, at);
  }

  function snapshot(at: RunState): void {
    writeCheckpoint(join(plan.out, 'evals', `${at.seen}.safetensors`), model, about(at));
  }

  function about(at: RunState) {
    return {
      architecture: plan.architectureName,
      addons: plan.addons,
      experiment: plan.experiment,
      samples: at.seen,
      scale: at.scale,
    };
  }

  function resultOf(end: End, last: StepResult | null): TrainResult {
    const numbers = {
      dead_latents: dead.count,
      loss: last?.loss,
      l0: last?.l0,
      explained_variance: last?.explainedVariance,
    };
    return {
      version: 1,
      ...end,
      experiment: plan.experiment,
      architecture: plan.architectureName,
      config: { ...plan.sae, ...trainer, ...plan.addons },
      backend: plan.backend,
      steps: state.step,
      samples: state.seen,
      normalisationSamples: state.normalisationSamples,
      seconds: state.seconds,
      declared: { learning_rate: trainer.lr },
      claimed: finiteOf(numbers),
    };
  }
}

interface StepPlan {
  lr: number;
  trainingSteps: number;
  autotuneStart: number;
  measure: boolean;
}

/** Why the run cannot go on after this step, or null. */
function divergence(result: StepResult, { step, firstLoss }: RunState): string | null {
  for (const [term, value] of Object.entries(result.losses)) {
    if (!Number.isFinite(value)) return `${term} is ${value} at step ${step}`;
  }
  if (!Number.isFinite(result.gradNorm)) return `the gradients are not finite at step ${step}`;
  if (firstLoss !== null && result.loss > EXPLODED * Math.max(1, firstLoss)) {
    return `the loss exploded to ${result.loss.toPrecision(4)} at step ${step} (${firstLoss.toPrecision(4)} at the first)`;
  }
  return null;
}

export type { Model };
