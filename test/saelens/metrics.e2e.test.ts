import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectTheirMetrics } from '#bench/judge/testing/saelens/judged';
import { root } from '../import-graph.ts';
import { isHere, runPython, why } from './ask.ts';

/*
 * As bench/judge/saelens.e2e.test.ts, whose SAEs are kept: here the SAELens that is installed trains, saves
 * and evaluates them anew.
 */
const scripts = 'bench/judge/testing/saelens';
const temporary = mkdtempSync(join(tmpdir(), 'sae-lens-metrics-'));
afterAll(() => rmSync(temporary, { recursive: true }));

describe.skipIf(!isHere)(`what the SAELens that is here trains and saves${why}`, () => {
  it('gets the same metrics from our judge as from its own evaluation', async () => {
    const [rows, saved] = [join(temporary, 'rows.safetensors'), join(temporary, 'saes')];
    const wrote = spawnSync(process.execPath, ['--import', 'tsx', join(scripts, 'rows.ts'), rows], {
      cwd: root,
    });
    expect(wrote.status, String(wrote.stderr)).toBe(0);
    mkdirSync(saved);
    runPython(`${scripts}/make.py`, rows, saved);
    const { saes } = JSON.parse(readFileSync(join(saved, 'expected.json'), 'utf8')) as {
      saes: Record<string, { metrics: Record<string, number> }>;
    };
    expect(Object.keys(saes).length).toBeGreaterThan(15);
    for (const [name, { metrics }] of Object.entries(saes)) {
      const log = join(temporary, `${name}.log`);
      await expectTheirMetrics(join(saved, name), metrics, { cwd: root, log }).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`);
      });
    }
  }, 600_000);
});
