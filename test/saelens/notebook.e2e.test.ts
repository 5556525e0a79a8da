import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { root } from '../import-graph.ts';
import { ask, hasMatplotlib, why } from './ask.ts';
import { exported } from './exported.ts';

const NOTEBOOK = join(root, 'examples/notebook/inspect.ipynb');
const temporary = mkdtempSync(join(tmpdir(), 'sae-lens-notebook-'));
afterAll(() => rmSync(temporary, { recursive: true }));

/** What the notebook says of an SAE that was exported, from what `npm run inspect` writes of it. */
function executed(
  name: string,
): Record<'cells' | 'figures' | 'codes_differ' | 'cosines_differ' | 'f1_here' | 'f1', number> {
  const tables = join(temporary, `${name}-tables`);
  const sae = ['--profile', 'small', '--world', 'tiny', '--eval-seed', '3', '--tree-dir', root];
  const words = ['bench/cli/inspect-by-hand.ts', join(temporary, name), ...sae, '--out', tables];
  const wrote = spawnSync(process.execPath, ['--import', 'tsx', ...words, '--sandbox', 'off'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(wrote.status, wrote.stderr).toBe(0);
  return ask('notebook.py', NOTEBOOK, tables);
}

describe('examples/notebook/inspect.ipynb', () => {
  it('is kept without outputs', () => {
    const { cells, nbformat } = JSON.parse(readFileSync(NOTEBOOK, 'utf8'));
    expect(nbformat).toBe(4);
    expect(cells.length).toBeGreaterThan(5);
    for (const { cell_type, outputs, execution_count } of cells)
      if (cell_type === 'code') expect([outputs, execution_count]).toEqual([[], null]);
  });
});

const lacks = why || (hasMatplotlib ? '' : ' (the Python that has sae-lens has no matplotlib)');

describe.skipIf(lacks !== '')(`the notebook, executed${lacks}`, () => {
  beforeAll(async () => {
    await openBackend('embedded');
  });

  it.each([
    ['matryoshka-batchtopk', 'jumprelu', { matryoshka_widths: [8] }],
    // SAELens lacks it: its encoder in Python is used.
    ['lista-matryoshka', 'lista_matryoshka_decreasingk', { n_refinement_steps: 1, matryoshka_widths: [8] }],
  ])('%s, a world and the tables agree in Python', async (name, theirs, fields) => {
    expect(await exported(temporary, name, { k: 2.5, topk_threshold_lr: 0.1, ...fields })).toBe(theirs);
    const { cells, figures, codes_differ, cosines_differ, f1_here, f1 } = executed(name);
    expect([cells, figures]).toEqual([7, 1]);
    expect(codes_differ).toBeLessThan(1e-3);
    expect(cosines_differ).toBeLessThan(1e-5);
    // The same features, fired by the other project's sampler.
    expect(f1).toBeGreaterThan(0.2);
    expect(Math.abs(f1_here - f1)).toBeLessThan(0.02);
  });
});
