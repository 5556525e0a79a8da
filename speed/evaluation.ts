import * as tf from '@tensorflow/tfjs-core';
import { Evaluation } from '#bench/eval/evaluation';
import { matchLatents } from '#bench/eval/matching';
import { Random } from '#bench/random';
import { Sampler } from '#bench/sampler/sampler';
import type { World } from '#bench/world/world';
import { openBackend } from '#engine/backend';
import { batchTopK, encode } from '#engine/ops';
import { csrOf } from '#engine/sparse';
import { type Line, ROWS, timed } from './timing.ts';
import { against, drawingCost, type Yardsticks } from './yardsticks.ts';

/** Forms of an SAE that the judge counts in one pass: the training form and the thresholded one. */
const FORMS = 2;

/**
 * Times the parts of a verdict, for an SAE that is nearly right and has a quarter as many latents as there
 * are features. Matching is timed once; its line has the cosines' share of what one thread can multiply.
 * Then come a batch's encode, on the engine's threads, and the judge's own drawing and counting of a batch,
 * on one thread.
 */
export async function benchEvaluation(
  world: World,
  seconds: number,
  backend: string,
  beside: Yardsticks,
): Promise<Line[]> {
  const { hiddenDim: dim, numFeatures } = world;
  const latents = Math.ceil(numFeatures / 4);
  const random = new Random(0, 'bench decoder', 0);
  const weights = world.featureVectors
    .slice(0, latents * dim)
    .map((value) => value + (0.3 * random.normal()) / Math.sqrt(dim));
  const started = performance.now();
  const matching = matchLatents(
    { count: latents, dim, data: weights },
    { count: numFeatures, dim, data: world.featureVectors },
  );
  const matched = performance.now() - started;

  const sampler = new Sampler(world, 0, 'bench');
  const evaluation = new Evaluation(matching, { weights, bias: world.bias }, numFeatures);
  const x = new Float32Array(ROWS * dim);
  let active = 0;
  const own = timed(seconds, ROWS, (batch) => {
    const truth = sampler.sample(batch, ROWS, x);
    const codes = { ...truth, indices: truth.features.map((feature) => feature % latents) };
    for (let form = 0; form < FORMS; form++) evaluation.add(truth, x, codes);
    active = truth.features.length / ROWS;
  });

  const { label } = await openBackend(backend);
  const W = tf.tidy(() => tf.transpose(tf.tensor2d(weights, [latents, dim])));
  const encodes = timed(seconds, ROWS, () => {
    tf.tidy(() => {
      csrOf(batchTopK(encode(tf.tensor2d(x, [ROWS, dim]), W), active));
    });
  });
  const drawing = drawingCost(world, active);
  const cosinesPerSecond = (latents * numFeatures * dim * 1000) / matched;
  return [
    {
      name: 'eval matching',
      ms: matched,
      latents,
      mcc: matching.mcc,
      shareOfMultiplyAdds: cosinesPerSecond / beside.machine.multiplyAddsPerSecond,
    },
    {
      name: 'eval encode',
      ...encodes,
      ...against(beside, encodes, { multiplyAdds: latents * dim, bytes: latents * 4 }),
      backend: label,
    },
    {
      name: 'eval draw and count',
      ...own,
      ...against(beside, own, {
        multiplyAdds: drawing.multiplyAdds + FORMS * active * dim,
        bytes: drawing.bytes,
      }),
      forms: FORMS,
      // Below 1, the encodes, which run at the same time, decide how long a verdict takes.
      cpuToEncodeCpu: own.cpuMicrosecondsPerSample / encodes.cpuMicrosecondsPerSample,
      samples: evaluation.samples,
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
    },
  ];
}
