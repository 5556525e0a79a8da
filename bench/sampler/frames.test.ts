import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeFrameHeader, FRAME_HEADER_BYTES } from '#contract/stream';
import { buildWorld } from '../world/build.ts';
import { drawnOnDemand, openFrames } from './frames.ts';
import { config } from './testing/deep-world.ts';

const world = await buildWorld(config);
const d = world.hiddenDim;

describe('frames that are drawn on demand', () => {
  it.each([1, 2, 4, 8])('are the same, %i at a time, from any batch on and to any row', (atATime) => {
    for (const [from, rows] of [
      [0, 50],
      [7, 41],
      [3, 80],
      [2, 9],
    ]) {
      const drawn: number[] = [];
      const frames = drawnOnDemand(
        { world, from, rows, batch: 10 },
        (index, most, ...xs) => {
          for (const [i, x] of xs.entries()) {
            drawn.push(index + i);
            expect(x.length).toBeLessThanOrEqual(most * d);
            x.fill(index + i);
          }
        },
        { atATime },
      );
      const count = Math.ceil(rows / 10);
      for (let frame = 0; frame < count; frame++) {
        const { bytes, rows: inFrame } = frames.next() ?? { bytes: new Uint8Array(), rows: 0 };
        expect(inFrame).toBe(Math.min(10, rows - 10 * frame));
        expect(decodeFrameHeader(Buffer.from(bytes), { d, batchRows: 10 })).toEqual({
          rows: inFrame,
          batchIndex: from + frame,
        });
        const x = new Float32Array(bytes.slice(FRAME_HEADER_BYTES).buffer);
        expect([...x]).toEqual(Array(inFrame * d).fill(from + frame));
        // No more are drawn than are sent, and no batch twice.
        expect(drawn.length).toBe(Math.min(count, atATime * (1 + Math.floor(frame / atATime))));
      }
      expect(frames.next()).toBeNull();
      expect(drawn).toEqual(Array.from({ length: count }, (_, i) => from + i));
    }
  });
});

describe('frames that are drawn ahead, by threads', () => {
  const request = { world, seed: 5, from: 3, rows: 25, batch: 10 };
  const listeners = process.listenerCount('exit');
  afterEach(() => {
    expect(process.listenerCount('exit')).toBeLessThanOrEqual(listeners);
    vi.unstubAllEnvs();
  });

  it('are those that are drawn on demand', async () => {
    const [here, ahead] = [await openFrames(request, 0), await openFrames(request, 2)];
    for (let frame = 0; frame < 3; frame++) {
      const bytes = here.next()?.bytes ?? [];
      expect(bytes.length).toBeGreaterThan(0);
      expect(Buffer.compare(Buffer.from(ahead.next()?.bytes ?? []), Buffer.from(bytes))).toBe(0);
    }
    expect([here.next(), ahead.next()]).toEqual([null, null]);
    ahead.stop();
  });

  it('fail where a thread cannot start', async () => {
    vi.stubEnv('ENGINE_NATIVE', 'nonsense');
    await expect(openFrames(request, 2)).rejects.toThrow('ENGINE_NATIVE');
  });
});
