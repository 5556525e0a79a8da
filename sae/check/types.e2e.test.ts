import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const here = import.meta.dirname;
/** A workspace of one file with a wrong type, under the repository, so that packages resolve. */
let root = '';
beforeAll(() => {
  const trees = join(here, '../../state/trees');
  mkdirSync(trees, { recursive: true });
  root = mkdtempSync(join(trees, 'types-'));
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, types: [] };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }));
  writeFileSync(join(root, 'wrong.ts'), 'export const one = 1;\nexport const two: string = one;\n');
});
afterAll(() => rmSync(root, { recursive: true }));

const withoutProc = ['bwrap', '--dev-bind', '/', '/', '--tmpfs', '/proc'];
const can = spawnSync(withoutProc[0], [...withoutProc.slice(1), 'true']).status === 0;
if (!can) console.log('SKIP sae/check/types.test.ts: bubblewrap cannot take /proc away here');

/** Checks it in a process of its own; `words` start that process. */
function check(...words: string[]): { stdout: string; stderr: string } {
  const script = `
    const { checkTypes } = await import(${JSON.stringify(join(here, 'types.ts'))});
    console.log(await checkTypes(${JSON.stringify(root)}).catch((error) => error.message));`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const [program, ...rest] = [...words, ...node];
  return spawnSync(program, rest, { cwd: join(here, '../..'), encoding: 'utf8' });
}

it('names file, line and message of the first error', () => {
  expect(check().stdout).toMatch(/^sae\/wrong\.ts:2: Type 'number' is not assignable to type 'string'\.\n$/);
});

it.skipIf(!can)('says that the compiler cannot run without /proc, which is no error', () => {
  expect(check(...withoutProc)).toMatchObject({
    stdout: 'types not checked (the compiler needs /proc, which is not mounted here)\n',
    stderr: '',
  });
});
