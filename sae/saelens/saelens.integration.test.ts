import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSaelens } from '#host/saelens';
import { registry } from './registry.ts';

const python = findSaelens(join(import.meta.dirname, '../..'));
const why = python ? '' : ' (no Python here has sae-lens; SAELENS_PYTHON names one that has)';

/** The JSON that a script of testing/saelens prints. */
function ask<T>(script: string, ...args: string[]): T {
  const path = join(import.meta.dirname, '../testing/saelens', script);
  const { status, stdout, stderr } = spawnSync(python ?? 'python3', [path, ...args], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

const wheel = process.env.SAELENS_WHEEL;
it.skipIf(!wheel)(
  'registry.json has the architectures and fields of the wheel of SAELens (SAELENS_WHEEL names the file)',
  () => {
    expect(ask<typeof registry>('source.py', wheel as string)).toEqual(registry);
  },
);

describe.skipIf(!python)(`with SAELens itself${why}`, () => {
  it('registry.json has its architectures and fields', () => {
    const { version: _, ...installed } = ask<typeof registry>('registry.py');
    const { version, ...ours } = registry;
    expect(installed, `registry.json is of ${version}; testing/saelens/registry.py prints it`).toEqual(ours);
  });
});
