import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { cleanEnv } from '#host/env';
import { tensorboardDir } from '../common/paths.ts';
import { loopIn, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readScalars } from './fixtures/read.ts';
import { tensorboardOver } from './live.ts';

/** A Python that has TensorBoard: .ci/run installs one where PyPI can be reached. */
const python = process.env.TENSORBOARD_PYTHON;
const withTensorBoard = it.skipIf(!python);

let live: string;
let byHand: string;
beforeAll(async () => {
  if (!python) return;
  const repo = tinyRepository([sprintTo('first', 0.5), sprintTo('second', 0.625)]);
  await loopIn(repo, { maxSprints: 2 }, tensorboardOver);
  live = tensorboardDir(repo);
  byHand = join(repo, 'by-hand');
  const command = startCommand(repo, 'tensorboard', '--out', byHand);
  expect(await command.ended, command.said()).toBe(0);
});

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) process.kill(-(child.pid as number), 'SIGKILL');
});

/** Starts TensorBoard on a folder; gives what it answers to a path of its pages. */
async function tensorBoard(folder: string, ...args: string[]) {
  const argv = ['-m', 'tensorboard.main', '--logdir', folder, '--port', '0', ...args];
  const child = spawn(python as string, argv, { detached: true, env: cleanEnv() });
  started.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk));
  const address = async () => {
    for (let tries = 0; tries < 900; tries++, await sleep(100)) {
      const found = /at (http:\/\/\S+\/)/.exec(said)?.[1];
      if (found !== undefined) return found;
    }
    throw new Error(`TensorBoard did not start: ${said}`);
  };
  const url = await address();
  return async (path: string, body?: object) =>
    (
      await fetch(url + path, body && { method: 'POST', body: JSON.stringify(body) })
    ).json() as Promise<unknown>;
}

// Its own loader, and the slower one in Python, which checks the checksums.
withTensorBoard.each([
  ['live', 'true'],
  ['live', 'false'],
  ['byHand', 'true'],
  ['byHand', 'false'],
] as const)('TensorBoard reads what a loop writes (%s, load_fast=%s)', async (which, fast) => {
  const folder = which === 'live' ? live : byHand;
  const ask = await tensorBoard(folder, '--load_fast', fast);
  const tags = async () => (await ask('data/plugin/scalars/tags')) as Record<string, Record<string, unknown>>;
  let found = await tags();
  const complete = () => Object.values(found).filter((run) => run['verdict/f1']).length === 2;
  for (let tries = 0; tries < 300 && !complete(); tries++, await sleep(200)) found = await tags();
  expect(Object.keys(found)).toHaveLength(2);
  for (const run of Object.keys(found)) {
    const ours = readScalars(readFileSync(join(folder, run, 'events.out.tfevents.run')));
    const all = ours.flatMap(({ values }) => Object.keys(values));
    expect(Object.keys(found[run] ?? {}).sort()).toEqual([...new Set(all)].sort());
    for (const tag of new Set(all)) {
      const points = ours.flatMap(({ at, step, values }) => (tag in values ? [[at, step, values[tag]]] : []));
      const query = new URLSearchParams({ run, tag });
      const read = (await ask(`data/plugin/scalars/scalars?${query}`)) as [number, number, number][];
      expect(read.map(([at, step, value]) => [at, step, Number(value.toPrecision(6))])).toEqual(points);
    }
  }
  const groups = (await ask('data/plugin/hparams/session_groups', {
    ...{ experimentName: '', allowedStatuses: ['STATUS_SUCCESS', 'STATUS_UNKNOWN'] },
    ...{ colParams: [], startIndex: 0, sliceSize: 10 },
  })) as { sessionGroups: { hparams: Record<string, unknown>; sessions: { status: string }[] }[] };
  expect(
    groups.sessionGroups.map(({ hparams, sessions }) => [hparams.experiment, sessions[0]?.status]),
  ).toEqual([
    ['plain', 'STATUS_SUCCESS'],
    ['plain', 'STATUS_SUCCESS'],
  ]);
});
