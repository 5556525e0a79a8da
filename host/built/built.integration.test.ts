import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryBubblewrap } from '../bubblewrap.ts';
import { capture } from '../capture.ts';
import { noSandbox } from '../sandbox.ts';
import { builtCommand } from './built.ts';

const checkout = join(import.meta.dirname, '../..');
const repo = realpathSync(mkdtempSync(join(tmpdir(), 'built-')));
const at = (path: string) => join(repo, path);
const write = (path: string, text: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};
const tried = await tryBubblewrap(repo);
if (!tried.ok) console.log(`SKIP host/built: ${tried.why}`);

/** A program whose words say where it is and how it was started. */
const PROGRAM = `
import { join } from 'node:path';
import { importFile } from '#contract/import-file';
import { thrown } from '../parts/thrown.ts';
class Shape {}
function twice() {}
const { default: named } = await importFile(join(import.meta.dirname, '..', 'named', \`\${process.argv.slice(2)[0]}.ts\`)) as { default: string };
let stack = '';
try { thrown(); } catch (error) { stack = (error as Error).stack ?? ''; }
const place = /work\\/parts\\/thrown.ts:\\d+/.exec(stack)?.[0];
console.log(JSON.stringify({ named, place, url: import.meta.url, file: import.meta.filename, cwd: process.cwd(), names: [Shape.name, twice.name], code: process['argv'][1].endsWith('.js') }));
`;

const tree = (name: string) => `state/trees/${name}`;
let count = 0;
/** A tree is known by its name, so that each has one of its own. */
const fresh = (): string => `tree-${count++}`;

function makeTree(name: string, more: Record<string, string> = {}): string {
  const files = {
    'cli/say.ts': PROGRAM,
    'parts/thrown.ts': "\n\n\nexport const thrown = (): never => {\n  throw new Error('here');\n};\n",
    'named/one.ts': "export default 'one' as const;\n",
    'named/one.test.ts': "import 'vitest';\nimport '../../../elsewhere.ts';\n",
    ...more,
  };
  for (const [path, text] of Object.entries(files)) write(`${tree(name)}/work/${path}`, text);
  return at(tree(name));
}

const reads = () => ['package.json', 'contract', 'node_modules'].map(at);

async function commandIn(cwd: string) {
  if (!tried.ok) throw new Error(tried.why);
  const command = {
    words: ['node', '--import', 'tsx', 'work/cli/say.ts', 'one'],
    readable: [join(cwd, 'work'), ...reads()],
  };
  return builtCommand({ repo, sandbox: tried.sandbox, cwd }, command);
}

async function run(cwd: string, { words, readable }: Awaited<ReturnType<typeof commandIn>>) {
  if (!tried.ok) throw new Error(tried.why);
  return capture({ ...tried.sandbox.wrap(words, { cwd, readable }), cwd, timeoutSeconds: 120 });
}

const isBuilt = (words: readonly string[]) => !words.includes('tsx');

beforeAll(() => {
  write('package.json', JSON.stringify({ type: 'module', imports: { '#contract/*': './contract/*.ts' } }));
  write('contract/import-file.ts', readFileSync(join(checkout, 'contract/import-file.ts'), 'utf8'));
  write('secret.ts', "export default 'secret';\n");
  symlinkSync(realpathSync(join(checkout, 'node_modules')), at('node_modules'));
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

describe.skipIf(!tried.ok)('a program of a tree', () => {
  it('says the same when it is built, by names, places and lines of its source', async () => {
    const cwd = makeTree('plain');
    const command = await commandIn(cwd);
    expect(isBuilt(command.words)).toBe(true);
    const [built, plain] = [await run(cwd, command), await run(cwd, plainOf(cwd))];
    expect(built.complaint).toBe(null);
    expect(JSON.parse(built.stdout)).toMatchObject({
      place: 'work/parts/thrown.ts:5',
      names: ['Shape', 'twice'],
    });
    expect({ ...JSON.parse(built.stdout), code: false }).toEqual(JSON.parse(plain.stdout));
  });

  it('is built once, and again when something has changed what was built', async () => {
    const cwd = makeTree('plain');
    const [first, second] = [await commandIn(cwd), await commandIn(cwd)];
    expect(second).toEqual(first);
    const [, , program = ''] = first.words;
    const before = readFileSync(program, 'utf8');
    appendFileSync(program, "\nconsole.log('changed');\n");
    const third = await commandIn(cwd);
    expect(readFileSync(third.words[2] ?? '', 'utf8')).toBe(before);
    appendFileSync(at('contract/import-file.ts'), '\n');
    expect((await commandIn(cwd)).words[2]).not.toBe(program);
  });

  it('has a package of CommonJS as Node would give it, without a search for its names', async () => {
    const cwd = makeTree('package', {
      'named/one.ts': `import * as all from '@tensorflow/tfjs-core';
import whole, { add } from '@tensorflow/tfjs-core';
const names = Object.keys(all).filter((name) => !/\\W|^default$|^__/.test(name)).sort();
const same = names.every((name) => Reflect.get(all, name) === Reflect.get(whole, name));
export default { names, same, add: add === all.add };\n`,
    });
    const command = await commandIn(cwd);
    const [, , program = ''] = command.words;
    const folder = join(dirname(program), '../..');
    const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(texts.filter((text) => /from ?"@tensorflow/.test(text))).toEqual([]);
    const [built, plain] = [await run(cwd, command), await run(cwd, plainOf(cwd))];
    expect(built.complaint).toBe(null);
    expect(JSON.parse(built.stdout).named).toMatchObject({ same: true, add: true });
    expect(JSON.parse(built.stdout).named).toEqual(JSON.parse(plain.stdout).named);
  });

  it('cannot change what was built', async () => {
    const cwd = makeTree('writes', {
      'named/one.ts': `import { appendFileSync, writeFileSync } from 'node:fs';
const tried = [() => appendFileSync(process.argv[1] ?? '', 'x'), () => writeFileSync(process.argv[1] + '.more', 'x')].map((write) => {
  try { write(); return 'written'; } catch (error) { return (error as NodeJS.ErrnoException).code; }
});
export default tried;\n`.replaceAll(
        'process.argv[1]',
        "(process as unknown as { argv: string[] })['argv'][1]",
      ),
    });
    const command = await commandIn(cwd);
    expect(isBuilt(command.words)).toBe(true);
    const { stdout } = await run(cwd, command);
    expect(JSON.parse(stdout).named).toEqual(['EROFS', 'EROFS']);
    expect((await commandIn(cwd)).words).toEqual(command.words);
  });

  it.each([
    ['import secret from "../../../../../secret.ts";\nexport default secret;', /Cannot find module/],
    [`import secret from ${JSON.stringify(at('secret.ts'))};\nexport default secret;`, /Cannot find module/],
    ['import * as all from "/proc/self/environ";\nexport default Object.keys(all);', /environ|SyntaxError/],
    [
      'import key from "../../../../../state/key.json" with { type: "json" };\nexport default key;',
      /Cannot find/,
    ],
  ])('that imports what it may not see is not built, and does not run: %s', async (code, why) => {
    write('state/key.json', '"secret"');
    const cwd = makeTree(fresh(), { 'named/one.ts': code });
    const command = await commandIn(cwd);
    expect(isBuilt(command.words)).toBe(false);
    const { exit, stdout, complaint } = await run(cwd, command);
    expect([exit.code, stdout]).toEqual([1, '']);
    expect(complaint).toMatch(why);
  });

  it.each([
    ['a link', (name: string) => symlinkSync(at('secret.ts'), at(`${tree(name)}/work/named/two.ts`)), ''],
    [
      'an import by a name that is made',
      () => {},
      "export default (await import(['./o', 'ne2.ts'].join(''))).default;",
    ],
    ['a file that no module is', () => {}, "import text from './one.css';\nexport default text;"],
    ['data', () => {}, "import text from 'data:text/javascript,export default 1';\nexport default text;"],
    ['a thread', () => {}, "import { Worker } from 'node:worker_threads';\nexport default Worker.name;"],
    [
      'code by name',
      () => {},
      "import { createRequire } from 'node:module';\nexport default createRequire(import.meta.url).name;",
    ],
    ['its own resolution', () => {}, "export default import.meta.resolve('zod');"],
    ['a mistake', () => {}, 'export default = 1;'],
  ])('with %s runs as TypeScript', async (_, also, code) => {
    const name = fresh();
    const cwd = makeTree(name, {
      'named/one2.ts': 'export default 2;',
      'named/one.css': '',
      ...(code && { 'named/one.ts': code }),
    });
    also(name);
    expect(await commandIn(cwd)).toEqual(plainOf(cwd));
  });

  it('is not built for what another program reads, outside of trees, or without a sandbox', async () => {
    const cwd = makeTree('plain');
    if (!tried.ok) return;
    const { sandbox } = tried;
    const words = ['node', '--import', 'tsx', 'work/cli/say.ts', 'one'];
    const as = (words: string[], where = { repo, sandbox, cwd }) =>
      builtCommand(where, { words, readable: reads() });
    cpSync(cwd, at('copy'), { recursive: true });
    expect((await as(words, { repo, sandbox, cwd: at('copy') })).words).toEqual(words);
    expect((await as(words, { repo, sandbox: noSandbox('test'), cwd })).words).toEqual(words);
    for (const other of [
      ['python', 'train.py'],
      ['node', '--import', 'tsx', 'work/../../x.ts'],
      ['node', 'a.mjs'],
    ])
      expect((await as(other)).words).toEqual(other);
  });
});

function plainOf(cwd: string) {
  return {
    words: ['node', '--import', 'tsx', 'work/cli/say.ts', 'one'],
    readable: [join(cwd, 'work'), ...reads()],
  };
}
