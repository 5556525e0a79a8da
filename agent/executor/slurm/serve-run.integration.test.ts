import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { git } from '#host/git';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { inJob, inRun } from '../../common/paths.ts';
import { exampleTask } from '../../fixtures/examples.ts';
import type { RunHandle } from '../executor.ts';
import type { Launch } from '../launch.ts';
import { beginRun } from '../prepare.ts';
import { writeHello } from './files.ts';
import { newKeys, reach } from './link.ts';
import { serveRun } from './serve-run.ts';
import { trainServed } from './served-on-node.ts';

const WORDS = 'of-a-secret-world ';
const sandbox = noSandbox('test');
const task = exampleTask((contract) => {
  contract.serve = 'node serve.mjs';
  contract.profiles.tiny.normalisation = 1000;
});

/** A run on a secret world that is prepared, and the folder of its job. */
async function prepared(): Promise<Launch & { jobDir: string }> {
  const repo = mkdtempSync(join(tmpdir(), 'served-'));
  await git(repo, ['init', '-q']);
  cpSync(join(import.meta.dirname, '../fixtures/serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(import.meta.dirname, '../fixtures/train.mjs'), join(repo, 'work/train.mjs'));
  const tree = await snapshotTree({ repo, folder: 'work' });
  const own = mkdtempSync(join(tmpdir(), 'own-disk-'));
  writeFileSync(join(own, 'rows'), WORDS);
  const secretWorld = { folder: own, hash: 'hash' };
  const mark = join(own, 'mark');
  writeFileSync(mark, '');
  const request = {
    ...{ repo, task, tree, experiment: 'copies', profileName: 'tiny', settings: { k: mark }, samples: 5000 },
    ...{ seed: 7, sprint: null, sandbox, secretWorld, out: join(own, 'run') },
  };
  const ready: Launch[] = [];
  await beginRun(request, async (run) => {
    ready.push({ ...request, ...run });
    return {} as RunHandle;
  });
  const jobDir = join(repo, 'state/confirming/loop-0123456789abcdef');
  mkdirSync(inRun(jobDir).out, { recursive: true });
  return { ...(ready[0] as Launch), jobDir };
}

/** Reads all that comes; resolves with the first rows of the world. */
const rowsOf = (socket: Awaited<ReturnType<typeof reach>>) =>
  new Promise<void>((resolve) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      text = `${text}${piece.toString('latin1')}`.slice(0, 1000);
      if (text.includes(WORDS)) resolve();
    });
  });

it('serves a job whose key the shared file system shows late', async () => {
  const run = await prepared();
  // The node's own view of the folder; that of the supervisor lags behind it.
  const onNode = join(mkdtempSync(join(tmpdir(), 'node-')), 'loop-0123456789abcdef');
  const serving = await serveRun('127.0.0.1', run.jobDir, run);
  const served = trainServed(
    { jobDir: onNode, name: 'loop-1', rows: serving.rows },
    { ...run, secretWorld: undefined },
    { seconds: 0, rows: 0 },
  );
  while (!existsSync(inJob(onNode).hello)) await sleep(10);
  // Long enough for a first try, which is refused.
  await sleep(700);
  mkdirSync(dirname(inJob(run.jobDir).hello), { recursive: true });
  copyFileSync(inJob(onNode).hello, inJob(run.jobDir).hello);
  const { run: trained, finish } = await served;
  await finish(await trained.done, await trained.refusal);
  await serving.close();
  expect(serving).toMatchObject({ rowsServed: 6 * 1024, failed: false, back: { refusal: null } });
  expect(serving.back?.record).toMatchObject({ status: 'finished', endedBy: 'trainer' });
  expect(readFileSync(join(run.dir, 'out/evals/rows'), 'utf8')).toContain(WORDS);
});

it('serves each key once, to its owner, though another one has named it before', async () => {
  const run = await prepared();
  const { rows, close } = await serveRun('127.0.0.1', run.jobDir, run);
  const [first, second] = [newKeys(), newKeys()];
  writeHello(run.jobDir, { name: 'loop-1', key: first.shown });
  await expect(reach({ ...newKeys(), shown: first.shown }, rows)).rejects.toThrow('gives no rows');
  const socket = await reach(first, rows);
  await rowsOf(socket);
  // The job is started again, with another key: its rows begin anew, and the first start gets no more.
  writeHello(run.jobDir, { name: 'loop-1', key: second.shown });
  const ended = new Promise((resolve) => socket.once('close', resolve));
  const again = await reach(second, rows);
  await rowsOf(again);
  await ended;
  await expect(reach(first, rows)).rejects.toThrow('gives no rows');
  await expect(reach(second, rows)).rejects.toThrow('gives no rows');
  await close();
});
