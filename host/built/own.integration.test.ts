import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const checkout = join(import.meta.dirname, '../..');
let root: string;
const at = (...path: string[]) => join(root, ...path);
const SAY = `import { thrown } from './thrown.ts';
let stack = '';
try { thrown(); } catch (error) { stack = (error as Error).stack ?? ''; }
const place = /agent\\/thrown.ts:\\d+/.exec(stack)?.[0];
console.log(JSON.stringify({ word: 'first', place, file: import.meta.filename, argv: process.argv.slice(1), flags: process.execArgv }));
`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'own-'));
  for (const folder of ['host/built', 'agent', 'sae']) mkdirSync(at(folder), { recursive: true });
  for (const file of ['host/start.mjs', 'host/built/own.mjs', 'host/built/options.mjs'])
    cpSync(join(checkout, file), at(file));
  writeFileSync(at('package.json'), JSON.stringify({ type: 'module', engines: { node: '>=20' } }));
  writeFileSync(at('agent/say.ts'), SAY);
  writeFileSync(at('agent/thrown.ts'), '\n\nexport function thrown(): never {\n  throw new Error();\n}\n');
  symlinkSync(join(checkout, 'node_modules'), at('node_modules'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const told = (flag: string, program = 'agent/say.ts') =>
  spawnSync(process.execPath, ['host/start.mjs', program, flag], { cwd: root, encoding: 'utf8' });

function say(program = 'agent/say.ts') {
  const { stdout, stderr } = told('--flag', program);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as { word: string; place: string };
}

const place = () => at('state/programs');
const builds = () => (existsSync(place()) ? readdirSync(place()) : []);
const program = () => join(place(), builds()[0] ?? '', 'program.js');
const change = (path: string, from: string, to: string) =>
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
/** Changes what was built, and its list as if that had been made. */
const forge = () => {
  change(program(), 'first', 'forged');
  const [list = ''] = [join(program(), '../list.json')];
  const { createHash } = process.getBuiltinModule('node:crypto');
  const digest = createHash('sha256').update(readFileSync(program())).digest('hex');
  const { made, ...rest } = JSON.parse(readFileSync(list, 'utf8'));
  writeFileSync(list, JSON.stringify({ ...rest, made: { ...made, 'program.js': digest } }));
};

it('is the same command when it is built, in its place and with the lines of its source', () => {
  const told = { word: 'first', place: 'agent/thrown.ts:4', file: at('agent/say.ts') };
  const same = { ...told, argv: [at('agent/say.ts'), '--flag'], flags: [] };
  expect(say()).toEqual(same);
  expect(builds()).toHaveLength(1);
  forge();
  // The second start runs what was built, and compiles nothing.
  expect(say()).toEqual({ ...same, word: 'forged' });
  rmSync(place(), { recursive: true });
  writeFileSync(place(), 'in the way');
  expect(say()).toEqual(same);
});

it('is built again when a file of it changes, and when what was built has changed', () => {
  say();
  change(at('agent/say.ts'), 'first', 'second');
  expect(say().word).toBe('second');
  change(at('agent/thrown.ts'), '\n', '\n\n');
  expect(say().place).toBe('agent/thrown.ts:5');
  change(at('agent/say.ts'), 'second', 'first');
  expect(say().word).toBe('first');
  change(program(), 'first', 'changed');
  expect(say().word).toBe('first');
  appendFileSync(at('host/built/own.mjs'), '\n');
  say();
  expect(builds()).toHaveLength(2);
});

it.each<[string, () => void]>([
  ['the folder of builds', () => chmodSync(place(), 0o777)],
  ['the folder of the build', () => chmodSync(join(program(), '..'), 0o770)],
  ['the program', () => chmodSync(program(), 0o622)],
  [
    'elsewhere: it is a link',
    () => {
      renameSync(program(), at('elsewhere.js'));
      symlinkSync(at('elsewhere.js'), program());
    },
  ],
])('does not run what others may write: %s', (_, open) => {
  say();
  forge();
  open();
  expect(say().word).toBe('first');
});

it('loads what is imported in some cases alone when they come, as it was built', () => {
  const missing = 'some-package';
  const later = `  import { word } from '${missing}';
  export { word };
`;
  const say = (word: string) => `
if (process.argv[2] === '--flag') console.log(JSON.stringify({ word: '${word}' }));
else console.log(JSON.stringify({ word: (await import('./later.ts')).word }));
`;
  writeFileSync(at('agent/later.ts'), later);
  writeFileSync(at('agent/say.ts'), say('first'));
  // The package is not installed: only who needs it finds that out.
  expect(told('--flag').stdout).toContain('first');
  expect(told('--later').stderr).toContain(missing);
  const parts = () => readdirSync(join(program(), '..')).filter((name) => /^later-.*\.js$/.test(name));
  const [part = ''] = parts();
  // Beside that of another build, which a process may still be running.
  writeFileSync(at('agent/later.ts'), later.replace(missing, './word.ts'));
  writeFileSync(at('agent/word.ts'), "export const word = 'second';\n");
  expect(told('--later').stdout).toContain('second');
  expect(parts()).toHaveLength(2);
  expect(parts()).toContain(part);
  const now = join(program(), '..', parts().find((name) => name !== part) ?? '');
  change(now, 'second', 'changed');
  expect(told('--later').stdout).toContain('second');
  // One that is older than any process goes with the next build.
  utimesSync(join(program(), '..', part), 0, 0);
  // So does what a process that was killed has left; another may be writing now.
  for (const name of ['.new-killed', '.new-now']) mkdirSync(join(place(), name));
  utimesSync(join(place(), '.new-killed'), 0, 0);
  writeFileSync(at('agent/say.ts'), say('third'));
  expect(told('--flag').stdout).toContain('third');
  expect(parts()).not.toContain(part);
  expect(builds().filter((name) => name.startsWith('.'))).toEqual(['.new-now']);
});

it('does not build where nothing can be written, and runs as TypeScript', () => {
  rmSync(at('node_modules'));
  mkdirSync(at('node_modules/esbuild'), { recursive: true });
  symlinkSync(join(checkout, 'node_modules/tsx'), at('node_modules/tsx'));
  writeFileSync(at('node_modules/esbuild/package.json'), JSON.stringify({ main: 'main.js' }));
  writeFileSync(at('node_modules/esbuild/main.js'), "console.log('builds')");
  expect(told('--flag').stdout).toMatch(/^builds\n/);
  rmSync(at('state'), { recursive: true });
  writeFileSync(at('state'), '');
  expect(say().word).toBe('first');
});

it('never builds code of a workspace', () => {
  writeFileSync(
    at('sae/say.ts'),
    "const word: string = 'workspace';\nconsole.log(JSON.stringify({ word }));\n",
  );
  expect(say('sae/say.ts').word).toBe('workspace');
  writeFileSync(at('agent/say.ts'), "import '../sae/say.ts';\n");
  expect(say().word).toBe('workspace');
  expect(builds()).toEqual([]);
});
