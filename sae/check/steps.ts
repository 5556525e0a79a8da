import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { uniform } from '#engine/random';
import type { Architecture } from '../architecture.ts';
import type { Resolved } from '../settings.ts';
import { holdShape } from '../shapes.ts';
import { createModel, gradientsOf, trainStep } from '../trainer/step.ts';
import { checkInputScaling } from './scaling.ts';

/** Of the made-up data. d_in, d_sae and rows differ, so that a matrix the wrong way round has the wrong shape. */
export const D_IN = 8;
export const ROWS = 32;
export const STEPS = 3;

/** A batch [ROWS × D_IN], uniform in ±2. */
export const madeUpBatch = (next: () => number) =>
  Float32Array.from({ length: ROWS * D_IN }, () => 4 * next() - 2);

/**
 * Takes three training steps with half of the latents dead, and holds the architecture to what architecture.ts says:
 * shapes, finite losses, a gradient for every weight, no tensor left behind by a step, and its input scaling.
 * @throws UserError saying what does not hold.
 */
export function exerciseSteps(architecture: Architecture, { sae, trainer }: Resolved): void {
  const random = uniform(0);
  const model = createModel(withShapesHeld(architecture), sae, architecture.init(sae, random), trainer);
  const pass = {
    x: tf.tensor2d(madeUpBatch(random), [ROWS, D_IN]),
    trainingSteps: STEPS,
    dead: new Uint8Array(sae.d_sae).fill(1, sae.d_sae / 2),
    multiplier: 1,
    measure: false,
  };
  const tensorsAfter: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { losses } = trainStep(model, { ...pass, step, learningRate: trainer.lr });
    for (const [name, loss] of Object.entries(losses)) {
      if (!Number.isFinite(loss)) throw new UserError(`${name} is ${loss} at step ${step}`);
    }
    tensorsAfter.push(tf.memory().numTensors);
  }
  // The first step may leave what is made once.
  const left = tensorsAfter[STEPS - 1] - tensorsAfter[STEPS - 2];
  if (left > 0)
    throw new UserError(`each step leaves ${left} tensors behind (tf.keep?): memory would run out`);
  const reached = tf.tidy(() => Object.keys(gradientsOf(model, { ...pass, step: STEPS }).gradients));
  const frozen = Object.entries(model.variables).find(
    ([name, { size }]) => size > 0 && !reached.includes(name),
  );
  if (frozen) {
    throw new UserError(
      `no loss reaches the weight ${frozen[0]}: leave it out of init, or keep what is not learned in buffers`,
    );
  }
  checkInputScaling(model, madeUpBatch(random), ROWS);
  tf.dispose([pass.x, ...Object.values(model.variables)]);
}

/** The same architecture, whose passes must have the shapes of PassOutput. */
function withShapesHeld(architecture: Architecture): Architecture {
  return {
    ...architecture,
    trainingPass(pass) {
      const result = architecture.trainingPass(pass);
      const { d_in, d_sae } = pass.config;
      holdShape('hiddenPre', result.hiddenPre, [ROWS, d_sae]);
      holdShape('acts', result.acts, [ROWS, d_sae]);
      holdShape('recon', result.recon, [ROWS, d_in]);
      for (const [name, loss] of Object.entries(result.losses)) {
        if (loss.size !== 1) holdShape(`losses.${name}`, loss, []);
      }
      return result;
    },
  };
}
