import * as tf from '@tensorflow/tfjs-core';
import { embeddedBackend } from '../embedded/backend.ts';
import { numbersOfAll } from '../embedded/combination.ts';
import { transposedProduct } from '../embedded/later.ts';
import { compute, computeAll, numbers } from '../kernel.ts';
import { dotsAt, sparseTimesDense, sumOfTransposed } from '../products.ts';
import { csrOf, sparseTensor } from '../sparse.ts';

const KERNEL = 'DecodeBands';

/**
 * Reconstructions by bands of latents, one tensor [batch, d_in] per band: `bandOf[i]` is the band of latent
 * i. Their sum is decode(z, W), at the cost of one decode. The gradients are those of decode: z has one only
 * where it is not zero. Plain: `decode(z, tf.mul(W, rows))` with rows = [bandOf = band] as a 0/1 column, for
 * each band.
 */
export function decodeBands(z: tf.Tensor, W: tf.Tensor, bandOf: Uint8Array, bands: number): tf.Tensor[] {
  register(tf.getBackend());
  const attrs = { bandOf, bands } as unknown as tf.NamedAttrMap;
  return tf.engine().runKernel(KERNEL, { z, W }, attrs) as unknown as tf.Tensor[];
}

interface Attributes {
  bandOf: Uint8Array;
  bands: number;
}

function register(backendName: string): void {
  if (tf.getKernel(KERNEL, backendName)) return;
  tf.registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc({ inputs, attrs }) {
      const [z, W] = [inputs.z as tf.Tensor, inputs.W as tf.Tensor];
      const { bandOf, bands } = attrs as unknown as Attributes;
      const codes = csrOf(z);
      const [rows, n] = [z.shape[0], W.shape[1] as number];
      const shapes = Array.from({ length: bands }, () => [rows, n]);
      return computeAll(
        [W],
        shapes,
        (parts, [decoder]) => sparseTimesDense(codes, decoder, n, parts, bandOf),
        { zeros: false },
      );
    },
  });
  if (tf.getGradient(KERNEL)) return;
  tf.registerGradient({
    kernelName: KERNEL,
    inputsToSave: ['z', 'W'],
    gradFunc(dys, saved, attrs) {
      const [z, W] = saved;
      const { bandOf } = attrs as unknown as Attributes;
      // tfjs passes the gradient of a single output as a tensor, not as a list.
      const gradients = Array.isArray(dys) ? dys : [dys];
      const pattern = csrOf(z);
      const [latents, n] = W.shape as [number, number];
      return {
        z: () => {
          const backend = embeddedBackend();
          const parts = backend ? numbersOfAll(backend, gradients) : gradients.map(numbers);
          const values = dotsAt(pattern, parts, numbers(W), n, bandOf);
          return sparseTensor({ ...pattern, values }, latents);
        },
        W: () => {
          const embedded = embeddedBackend();
          if (embedded) {
            const later = transposedProduct(embedded, { codes: pattern, parts: gradients, bandOf }, latents);
            return tf.engine().makeTensorFromTensorInfo(later, embedded);
          }
          return compute(
            gradients,
            W.shape,
            (out, ...parts) => sumOfTransposed([{ codes: pattern, parts, bandOf }], latents, n, out),
            { zeros: false },
          );
        },
      };
    },
  });
}
