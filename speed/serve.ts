import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { samplerDevice } from '#bench/sampler/device/drivers';
import { Sampler } from '#bench/sampler/sampler';
import { openStream } from '#bench/stream/reader';
import type { World } from '#bench/world/world';
import { openDataChannel } from '#host/data-channel';
import { serviceEnv } from '#host/env';
import { type Line, ROWS, type Timing, timed } from './timing.ts';
import { against, type Cost, drawingCost, type Yardsticks } from './yardsticks.ts';

/** Names of the lines that the proof of a card reads. */
export const SERVED = { device: 'serve, drawn on a device', ring: 'ring alone, one batch again' };

/**
 * Times what a trainer can read, through the ring in shared memory: rows of the data service with its default
 * threads, with all threads, and drawn on a device where there is one. Beside it what ring and pipe
 * carry, where one batch is sent again and again.
 */
export function benchServe(name: string, world: World, seconds: number, beside: Yardsticks): Line[] {
  const serve = ['../bench/cli/serve.ts', '--world', name];
  const pour = ['../bench/stream/testing/pour.ts', String(world.hiddenDim), String(ROWS)];
  const threads = availableParallelism();
  const drawing = drawingCost(world, new Sampler(world, 0, 'bench').sample(0, ROWS).features.length / ROWS);
  const { bytes } = drawing;
  const line = (label: string, command: readonly string[], cost: Cost, ring = true): Line => {
    const read = through(command, seconds, ring);
    const gigabytesPerSecond = (read.samplesPerSecond * bytes) / 1e9;
    return { name: label, ...read, gigabytesPerSecond, ...against(beside, read, cost) };
  };
  const device = namedDevice();
  return [
    line('serve', [...serve, '--sampler', 'processor'], drawing),
    {
      ...line(
        'serve, all threads',
        [...serve, '--sampler', 'processor', '--threads', String(threads)],
        drawing,
      ),
      threads,
    },
    ...(device === null
      ? []
      : drawn(device, () => line(SERVED.device, [...serve, '--sampler', 'device'], drawing))),
    line(SERVED.ring, pour, { bytes }),
    line('pipe alone, one batch again', pour, { bytes }, false),
  ];
}

/** The line of a device; none, and a word on stderr, where its driver cannot draw. The other lines stay. */
function drawn(device: string, measure: () => Line): Line[] {
  try {
    return [{ ...measure(), device }];
  } catch (error) {
    process.stderr.write(`${device} draws no samples: ${(error as Error).message.split('\n')[0]}\n`);
    return [];
  }
}

/** The device that would draw, a driver in software too; null where there is none. */
function namedDevice(): string | null {
  try {
    const { name, platform, kind } = samplerDevice();
    return `${name}, ${platform}${kind === 'software' ? ', in software' : ''}`;
  } catch {
    return null;
  }
}

/** Rows per second that a reader gets from a program that writes a stream. Every number is read once. */
function through([program, ...args]: readonly string[], seconds: number, ring: boolean): Timing {
  const { service, trainer, close } = openDataChannel(ring);
  const path = fileURLToPath(new URL(program, import.meta.url));
  const stdio: (number | 'ignore')[] = ['ignore', service.stdout, 'ignore', ...Object.values(service.fds)];
  const writer = spawn(process.execPath, ['--import', 'tsx', path, ...args, ...service.words], {
    env: serviceEnv(),
    stdio,
  });
  // The reader closes its descriptors, and the channel ours: each has its own.
  const [stream, data, freed] = Object.values(trainer.fds).map((fd, at) =>
    openSync(`/proc/self/fd/${fd}`, at === 2 ? 'r+' : 'r'),
  );
  close();
  const reader = openStream(stream, data === undefined ? null : { data, freed });
  let target = new Float32Array(0);
  const next = (): void => {
    const batch = reader.next();
    if (!batch) throw new Error(`${program} ended`);
    if (target.length !== batch.x.length) target = new Float32Array(batch.x.length);
    target.set(batch.x);
  };
  const read = timed(seconds, ROWS, next);
  reader.close();
  writer.kill();
  return read;
}
