import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { expectTheirMetrics } from './testing/saelens/judged.ts';

/*
 * SAEs that SAELens trained and saved (testing/saelens/make.py), judged from the folder to the metrics. The
 * metrics must equal those of SAELens' own evaluation on the same samples.
 */
const fixtures = join(import.meta.dirname, 'testing/saelens');
const { saes } = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as {
  saes: Record<string, { metrics: Record<string, number> }>;
};
const cwd = join(import.meta.dirname, '../..');
const root = mkdtempSync(join(tmpdir(), 'saelens-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('an SAE of SAELens, judged', () => {
  it.each(Object.keys(saes))('gets the metrics that it gives itself: %s', async (name) => {
    const log = join(root, `${name}.log`);
    await expectTheirMetrics(join(fixtures, name), saes[name].metrics, { cwd, log });
  });
});
