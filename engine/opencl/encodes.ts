import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { deviceFailure } from '../device-failure.ts';
import { currentForm } from '../operation.ts';
import { encode } from '../ops.ts';
import type { Precision, SwitchedOn } from '../precision.ts';
import { openClBackend } from './backend.ts';
import type { Device } from './device.ts';

const PRECISIONS: readonly Precision[] = ['fp32', 'tf32'];

/** What ENGINE_ENCODE asks for. @throws UserError for a word that it does not have */
export function encodesAskedFor(text = process.env.ENGINE_ENCODE ?? 'fp32'): Precision {
  const asked = PRECISIONS.find((precision) => precision === text);
  if (asked) return asked;
  throw new UserError(`ENGINE_ENCODE=${text}: must be one of ${PRECISIONS.join(', ')}`);
}

/**
 * Has the device in use encode in TF32 where that is asked for, it can, and what it computes so is right;
 * returns so then. Else it encodes in float32, and one line on stderr says why.
 */
export function proveEncodes(asked = encodesAskedFor()): SwitchedOn | null {
  const device = openClBackend()?.device;
  if (!device || asked === 'fp32' || currentForm() === 'plain') return null;
  const why = encodeInTf32(device);
  if (why === null) return { detail: 'encodes in TF32', encodes: 'tf32' };
  process.stderr.write(`ENGINE_ENCODE=tf32: ${device.found.name} encodes in float32: ${why}\n`);
  return null;
}

/** Has the device in use encode in TF32. Returns why it goes on in float32; null where it does not. */
function encodeInTf32(device: Device): string | null {
  if (!device.found.hasTf32)
    return 'it needs the backend cuda and a card of compute capability 8.0 or newer (Ampere)';
  device.encodes = 'tf32';
  try {
    proveTf32();
    return null;
  } catch (error) {
    device.encodes = 'fp32';
    // A device that is lost computes nothing else either.
    if (deviceFailure(error) !== null) throw error;
    return (error as Error).message;
  }
}

/** Sums of hundreds of terms of at most 1 in float32. */
const TOLERANCE = 1e-4;
/** x [rows, d] and W [d, latents]: many whole tiles, and sizes that fill none. */
const SIZES = [
  [1024, 128, 512],
  [37, 21, 19],
] as const;

/** Compares encodes with sums of the numbers that TF32 makes of x and W. @throws Error for a wrong one */
function proveTf32(): void {
  for (const [rows, d, latents] of SIZES) {
    const wave = (size: number, step: number) =>
      Float32Array.from({ length: size }, (_, i) => Math.sin(step * (i + 1)));
    const [x, W] = [wave(rows * d, 0.37), wave(d * latents, 0.73)];
    const [bias, scale] = [wave(latents, 0.11), wave(latents, 0.19)];
    const h = tf.tidy(() =>
      encode(
        tf.tensor2d(x, [rows, d]),
        tf.tensor2d(W, [d, latents]),
        tf.tensor1d(bias),
        tf.tensor1d(scale),
      ).dataSync(),
    );
    // The steps share no factor with the sizes, so the sample covers every region of the results.
    for (let at = 0; at < 128; at++) {
      const [row, latent] = [rows - 1 - ((at * 257) % rows), (at * 37) % latents];
      let sum = bias[latent];
      for (let i = 0; i < d; i++) sum += tf32(x[row * d + i]) * tf32(W[i * latents + latent]);
      const [got, want] = [h[row * latents + latent], sum * scale[latent]];
      if (!(Math.abs(got - want) <= TOLERANCE * (1 + Math.abs(want))))
        throw new Error(`it failed its golden encode: ${got} instead of ${want}`);
    }
  }
}

const bits = new DataView(new ArrayBuffer(4));

/** The nearest number with the 10 bits of mantissa that TF32 has, ties away from 0. */
export function tf32(value: number): number {
  bits.setFloat32(0, value);
  bits.setUint32(0, (bits.getUint32(0) + 0x1000) & ~0x1fff);
  return bits.getFloat32(0);
}
