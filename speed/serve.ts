import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Sampler } from '#bench/sampler/sampler';
import { openStream } from '#bench/stream/reader';
import type { World } from '#bench/world/world';
import { serviceEnv } from '#host/env';
import { makePipe } from '#host/pipe';
import { type Line, ROWS, type Timing, timed } from './timing.ts';
import { against, type Cost, drawingCost, type Yardsticks } from './yardsticks.ts';

/**
 * Times what a trainer can read: rows of the data service with its default threads and with all threads,
 * and rows of a pipe whose writer does nothing else.
 */
export function benchServe(name: string, world: World, seconds: number, beside: Yardsticks): Line[] {
  const serve = ['../bench/cli/serve.ts', '--world', name];
  const pour = ['../bench/stream/testing/pour.ts', String(world.hiddenDim), String(ROWS)];
  const threads = availableParallelism();
  const drawing = drawingCost(world, new Sampler(world, 0, 'bench').sample(0, ROWS).features.length / ROWS);
  const { bytes } = drawing;
  const line = (label: string, command: readonly string[], cost: Cost): Line => {
    const read = through(command, seconds);
    const gigabytesPerSecond = (read.samplesPerSecond * bytes) / 1e9;
    return { name: label, ...read, gigabytesPerSecond, ...against(beside, read, cost) };
  };
  return [
    line('serve', serve, drawing),
    { ...line('serve, all threads', [...serve, '--threads', String(threads)], drawing), threads },
    line('pipe alone', pour, { bytes }),
  ];
}

/** Rows per second that a reader gets from a program that writes a stream. */
function through([program, ...args]: readonly string[], seconds: number): Timing {
  const pipe = makePipe();
  const path = fileURLToPath(new URL(program, import.meta.url));
  const writer = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    env: serviceEnv(),
    stdio: ['ignore', pipe.writeFd, 'ignore'],
  });
  closeSync(pipe.writeFd);
  const reader = openStream(pipe.readFd);
  const next = (): void => {
    if (!reader.next()) throw new Error(`${program} ended`);
  };
  const read = timed(seconds, ROWS, next);
  reader.close();
  writer.kill();
  return read;
}
