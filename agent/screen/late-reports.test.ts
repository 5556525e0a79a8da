import { expect, it } from 'vitest';
import { LateReports } from './late-reports.ts';

it('makes reports one after the other, and does not wait for them', async () => {
  const late = new LateReports();
  const done: string[] = [];
  let end = () => {};
  const first = new Promise<void>((resolve) => {
    end = resolve;
  });
  late.add(() => first.then(() => void done.push('first')));
  late.add(async () => void done.push('second'));
  await Promise.resolve();
  expect(done).toEqual([]);
  end();
  await late.made();
  expect(done).toEqual(['first', 'second']);
});

it('throws what a report has thrown to who waits for all', async () => {
  const late = new LateReports();
  late.add(() => Promise.reject(new Error('the event log is full')));
  late.add(async () => {});
  await expect(late.made()).rejects.toThrow('the event log is full');
});
