import { encodeFrameHeader, FRAME_HEADER_BYTES } from '#contract/stream';
import { type Activations, NUMBER_BYTES, wrong } from './layout.ts';
import { Order } from './order.ts';
import type { Rotation } from './rotation.ts';
import { SPLIT, type Split, type TrainingRows, trainingRows } from './split.ts';
import { type Loaded, WindowLoader } from './windows.ts';

export interface ActivationRequest {
  seed: number;
  /** Which rows are served; unset: those of the public split. */
  split?: Split;
  /** How rows are turned; unset: they are served as they lie there. */
  rotate?: Rotation | null;
  /** Index of the first batch. */
  from: number;
  /** Rows in all, possibly Infinity, and rows of a whole batch. */
  rows: number;
  batch: number;
}

export interface ActivationFrames {
  /** The frames as they go over the wire, each valid until the next. @throws UserError naming file and row */
  frames: AsyncIterable<{ bytes: Uint8Array; rows: number }>;
  /** What the stream had in it from batch 0 on, once `rows` were served here. */
  counts(rows: number): { distinct: number; epochs: number };
}

/** The training rows of a folder as a stream, shuffled by the seed, epoch after epoch. @throws UserError */
export function openActivationFrames(activations: Activations, request: ActivationRequest): ActivationFrames {
  const training = trainingRows(activations, request.split ?? SPLIT);
  return {
    frames: framesOf(activations, training, request),
    counts(rows) {
      const end = request.from * request.batch + rows;
      return { distinct: Math.min(end, training.rows), epochs: Number((end / training.rows).toFixed(4)) };
    },
  };
}

async function* framesOf(
  activations: Activations,
  training: TrainingRows,
  { seed, from, rows, batch, rotate }: ActivationRequest,
): AsyncGenerator<{ bytes: Uint8Array; rows: number }> {
  const { d, dtype } = activations;
  const order = new Order(training.rows, d * NUMBER_BYTES[dtype], seed);
  const loader = new WindowLoader(activations, training, order);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + batch * d * 4);
  const x = new Float32Array(bytes.buffer, FRAME_HEADER_BYTES);
  let position = from * batch;
  const end = position + rows;
  let frame = from;
  let filled = 0;
  for (let next = loader.load(order.windowAt(position)); position < end; ) {
    const loaded = await next;
    const windowEnd = loaded.window.position + loaded.window.rows;
    if (windowEnd < end) next = loader.load(order.windowAt(windowEnd));
    for (; position < Math.min(end, windowEnd); position++) {
      copyRow(loaded, position, x, filled * d);
      filled++;
      if (filled < batch && position + 1 < end) continue;
      rotate?.(x, filled);
      bytes.set(encodeFrameHeader(filled, frame++));
      yield { bytes: bytes.subarray(0, FRAME_HEADER_BYTES + filled * d * 4), rows: filled };
      filled = 0;
    }
  }
}

function copyRow({ window, copy, origin }: Loaded, position: number, out: Float32Array, at: number): void {
  const place = window.order[position - window.position];
  if (copy(place, out, at)) return;
  const { path, row } = origin(place);
  const index = out.subarray(at).findIndex((value) => !Number.isFinite(value));
  throw wrong(path, `row ${row} has ${out[at + index]} at index ${index} (both counted from 0)`);
}
