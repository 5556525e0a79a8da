import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { uniform } from '#engine/random';
import type { Architecture } from '../architecture.ts';
import type { Resolved } from '../settings.ts';
import { expectShape } from '../shapes.ts';
import { createModel, gradientsOf, trainStep } from '../trainer/step.ts';
import { checkInputScaling } from './scaling.ts';

/** Sizes of the random data. d_in, d_sae and rows differ, so that a transposed matrix has the wrong shape. */
export const D_IN = 8;
export const ROWS = 32;
export const STEPS = 3;

/** A batch x [ROWS × D_IN], uniform in ±2. */
export const randomBatch = (next: () => number) =>
  Float32Array.from({ length: ROWS * D_IN }, () => 4 * next() - 2);

/**
 * Takes three training steps with half of the latents dead, and checks what architecture.ts requires: shapes,
 * finite losses, a gradient for every weight, no tensor left behind by a step, and the input scaling. Returns
 * whether a latent fired.
 * @throws UserError that says which requirement fails
 */
export function exerciseSteps(architecture: Architecture, { sae, trainer }: Resolved): boolean {
  const random = uniform(0);
  const model = createModel(withShapeChecks(architecture), sae, architecture.init(sae, random), trainer);
  const pass = {
    x: tf.tensor2d(randomBatch(random), [ROWS, D_IN]),
    trainingSteps: STEPS,
    dead: new Uint8Array(sae.d_sae).fill(1, sae.d_sae / 2),
    multiplier: 1,
    measure: false,
  };
  const tensorsAfter: number[] = [];
  let fires = false;
  for (let step = 0; step < STEPS; step++) {
    const { losses, l0 } = trainStep(model, { ...pass, step, learningRate: trainer.lr });
    for (const [name, loss] of Object.entries(losses)) {
      if (!Number.isFinite(loss)) throw new UserError(`${name} is ${loss} at step ${step}`);
    }
    fires ||= l0 > 0;
    tensorsAfter.push(tf.memory().numTensors);
  }
  // The first step may leave tensors that are made once.
  const left = tensorsAfter[STEPS - 1] - tensorsAfter[STEPS - 2];
  if (left > 0)
    throw new UserError(`each step leaves ${left} tensors undisposed (tf.keep?), so memory would run out`);
  const reached = tf.tidy(() => Object.keys(gradientsOf(model, { ...pass, step: STEPS }).gradients));
  const frozen = Object.entries(model.variables).find(
    ([name, { size }]) => size > 0 && !reached.includes(name),
  );
  if (frozen) {
    throw new UserError(
      `no loss reaches the weight ${frozen[0]}: leave it out of init, or make it a buffer if it is not learned`,
    );
  }
  checkInputScaling(model, randomBatch(random), ROWS);
  tf.dispose([pass.x, ...Object.values(model.variables)]);
  return fires;
}

/** The same architecture, with the shapes of PassOutput checked in every pass. */
function withShapeChecks(architecture: Architecture): Architecture {
  return {
    ...architecture,
    trainingPass(pass) {
      const result = architecture.trainingPass(pass);
      const { d_in, d_sae } = pass.config;
      expectShape('hiddenPre', result.hiddenPre, [ROWS, d_sae]);
      expectShape('acts', result.acts, [ROWS, d_sae]);
      expectShape('recon', result.recon, [ROWS, d_in]);
      for (const [name, loss] of Object.entries(result.losses)) {
        if (loss.size !== 1) expectShape(`losses.${name}`, loss, []);
      }
      return result;
    },
  };
}
