import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inRun, runDir } from '../common/paths.ts';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { addRecords, openEventFile } from './files.ts';
import { runLogs, writeEventFile } from './finished.ts';
import { readScalars } from './fixtures/read.ts';
import { exampleRecord } from './fixtures/record.ts';

const id = '2026-01-01--00-00-10-base-s0';
const started = Date.parse('2026-01-01T00:00:10Z') / 1000;

const record = exampleRecord(id);
const line = (samples: number, samplesPerSecond: number, values: object) =>
  JSON.stringify({ step: 1, samples, totalSamples: 1000, samplesPerSecond, etaSeconds: 0, values });

/** A checkout with one run, whose trainer wrote this log. */
function withRun(progress: string): string {
  const repo = emptyFolder();
  const files = inRun(runDir(repo, id));
  mkdirSync(files.out, { recursive: true });
  writeFileSync(files.record, JSON.stringify(record));
  writeFileSync(files.progress, progress);
  writeFileSync(files.evals, '{"samples":500,"evaluationSamples":5,"metrics":{"f1":0.25}}\n');
  const verdict = exampleVerdict({ run: id, metrics: { f1: 0.5 }, at: '2026-01-01T00:01:00.000Z' });
  writeFileSync(files.verdict, JSON.stringify(verdict));
  return repo;
}

const scalarsOf = (repo: string, sprints: Parameters<typeof runLogs>[1] = []) =>
  Object.fromEntries(
    [...runLogs(repo, sprints)].map((of) => {
      writeEventFile(join(repo, 'out'), of);
      const file = join(repo, 'out', of.facts.id, 'events.out.tfevents.run');
      return [of.facts.id, readScalars(readFileSync(file))];
    }),
  );

it('makes the file of a run from its folder, with times that follow from the speed', () => {
  const repo = withRun(`${line(500, 100, { loss: 2 })}\nnot JSON\n${line(1000, 50, { loss: 1 })}\n{"step":1`);
  expect(scalarsOf(repo)[id]).toEqual([
    { at: started + 5, step: 500, values: { 'train/loss': 2, 'speed/samples_per_second': 100 } },
    { at: started + 15, step: 1000, values: { 'train/loss': 1, 'speed/samples_per_second': 50 } },
    { at: started + 5, step: 500, values: { 'snapshot/f1': 0.25 } },
    { at: Date.parse('2026-01-01T00:01:00Z') / 1000, step: 1000, values: { 'verdict/f1': 0.5 } },
  ]);
});

it('makes it from a committed sprint where the folder is gone, and from no id that is a path', () => {
  const run = {
    ...{ ...record, samplesPerSecond: 100, backend: null, claimed: {}, verdict: null, evals: [] },
    curve: [{ samples: 500, values: { loss: 2 } }],
  };
  const sprint = exampleSprint({ runs: [run, { ...run, id: '../../2026-01-01--00-00-10-x' }] });
  expect(scalarsOf(emptyFolder(), [sprint])).toEqual({
    [id]: [{ at: started + 5, step: 500, values: { 'train/loss': 2 } }],
  });
});

it('keeps a long log to two thousand points, the first and the last among them', () => {
  const repo = withRun(
    `${Array.from({ length: 9001 }, (_, i) => line(i + 1, 100, { loss: i })).join('\n')}\n`,
  );
  const curve = scalarsOf(repo)[id]?.filter(({ values }) => values['train/loss'] !== undefined) ?? [];
  expect(curve.length).toBeLessThan(2003);
  expect([curve[0]?.step, curve.at(-1)?.step]).toEqual([1, 9001]);
});

it('adds to a file whose last record a crash cut off, and no more than 64 MiB', () => {
  const repo = withRun(`${line(500, 100, { loss: 2 })}\n`);
  const whole = scalarsOf(repo)[id] ?? [];
  const file = join(repo, 'out', id, 'events.out.tfevents.run');
  const before = readFileSync(file);
  writeFileSync(file, Buffer.concat([before, before.subarray(0, 30)]));
  expect(openEventFile(file)).toBe(false);
  expect(readFileSync(file)).toEqual(before);
  addRecords(file, [before]);
  expect(readScalars(readFileSync(file))).toEqual([...whole, ...whole]);
  addRecords(file, [new Uint8Array(64 * 2 ** 20)]);
  expect(readFileSync(file)).toHaveLength(2 * before.length);
  expect(openEventFile(join(repo, 'new', 'file'))).toBe(true);
});
