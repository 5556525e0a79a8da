import { encodeFrameHeader, FRAME_HEADER_BYTES } from '#contract/stream';
import { type FrameRequest, type Frames, slotBytes } from '../frames.ts';

interface Writer {
  write(index: number, rows: number, x: Float32Array): void;
}

/** The frames of a request, drawn on a device when they are asked for. */
export function framesOnDevice(
  { world, from, rows, batch }: Omit<FrameRequest, 'seed'>,
  sampler: Writer,
): Frames {
  const bytes = new Uint8Array(slotBytes(batch, world.hiddenDim));
  const x = new Float32Array(bytes.buffer, FRAME_HEADER_BYTES);
  let frame = 0;
  return {
    next() {
      const inFrame = Math.min(batch, rows - frame * batch);
      if (inFrame <= 0) return null;
      sampler.write(from + frame, inFrame, x);
      bytes.set(encodeFrameHeader(inFrame, from + frame));
      frame++;
      return { bytes: bytes.subarray(0, slotBytes(inFrame, world.hiddenDim)), rows: inFrame };
    },
    stop() {},
  };
}
