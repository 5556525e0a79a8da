import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepingMade, packagesFor } from './install-packages.ts';

const of = (installed: boolean, ...packages: string[]) => ({
  packages,
  made: [],
  installed: () => installed,
});

it('asks for what is wanted and for what is installed already, each once: npm would remove the rest', () => {
  const [wanted, there, absent] = [
    of(false, 'a@1', 'shared@1'),
    of(true, 'b@1', 'shared@1'),
    of(false, 'c@1'),
  ];
  expect(packagesFor([wanted], [there, wanted, absent])).toEqual(['a@1', 'shared@1', 'b@1']);
  expect(packagesFor([there], [there, wanted, absent])).toEqual(['b@1', 'shared@1']);
});

it('puts back what we have made in a package that npm has installed again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'made-'));
  const [path, other] = [join(folder, 'binding.node'), join(folder, 'absent.node')];
  try {
    writeFileSync(path, 'made');
    const all = [{ ...of(true, 'a@1'), made: [path, other] }];
    expect(keepingMade(all, () => rmSync(folder, { recursive: true }))).toBeUndefined();
    expect([readFileSync(path, 'utf8'), existsSync(other)]).toEqual(['made', false]);
    keepingMade(all, () => writeFileSync(path, 'newer'));
    expect(readFileSync(path, 'utf8')).toBe('newer');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
