import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, fingerprints } from './fingerprint.ts';
import { known } from './known.ts';
import { reduced } from './modules.ts';
import { sha256 } from './read.ts';
import type { Ask } from './values.ts';

const repo = join(import.meta.dirname, '../..');
const scene = mkdtempSync(join(tmpdir(), 'fingerprint-'));
const treeDir = join(scene, 'tree');
for (const name of ['node_modules', 'package.json', 'tsconfig.json', 'engine', 'contract', 'bench'])
  symlinkSync(join(repo, name), join(scene, name));
beforeEach(() => {
  rmSync(treeDir, { recursive: true, force: true });
  cpSync(join(repo, 'sae'), join(treeDir, 'sae'), { recursive: true });
});
afterAll(() => rmSync(scene, { recursive: true, force: true }));

const asks: Ask[] = [
  { experiment: 'default', profile: 'small', settings: {} },
  { experiment: 'default', profile: 'small', settings: { k: '3' } },
  { experiment: 'jumprelu', profile: 'small', settings: {} },
];
const told = () => fingerprints({ repo, treeDir, node: [process.execPath] }, asks);
const at = (name: string) => join(treeDir, 'sae', name);
const add = (name: string, text: string) => appendFileSync(at(name), text);
function change(name: string, from: string, to: string): void {
  const text = readFileSync(at(name), 'utf8');
  expect(text).toContain(from);
  writeFileSync(at(name), text.replace(from, to));
}
/** Which of the asks have another answer. */
const changed = (before: Answer[], after: Answer[]) =>
  after.map((answer, i) => JSON.stringify(answer) !== JSON.stringify(before[i]));

// Where this fails: look at what the module reads now, then write its digest into known.ts.
it('knows the modules that read files or import by name as they are', async () => {
  const names = Object.keys(known);
  const digests = names.map(async (name) => [name, sha256(await reduced(join(repo, name)))]);
  expect(Object.fromEntries(await Promise.all(digests))).toEqual(known);
});

it('is the same after what no run depends on, and another for the runs that depend on it', async () => {
  const before = await told();
  expect(before).toEqual(asks.map(() => ({ fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) })));
  expect(new Set(before.map((answer) => JSON.stringify(answer))).size).toBe(3);

  add('README.md', '\n');
  add('settings.test.ts', 'const other = 1;\n');
  add('trainer/step.ts', '\n// A comment.\n');
  change('trainer/step.ts', '\n', '\n\n/** Another. */\n');
  writeFileSync(at('architectures/mine.ts'), readFileSync(at('architectures/topk.ts')));
  writeFileSync(
    at('experiments/mine.ts'),
    `export const experiments = [{ name: 'mine', description: 'new', architecture: 'mine' }];
     export const sweeps = [{ name: 'ours', description: 'new', members: ['mine', 'default'] }];`,
  );
  change(
    'experiments/lista.ts',
    'export const experiments',
    'export const unused = 1;\nexport const experiments',
  );
  const after = await told();
  expect(changed(before, after)).toEqual([false, false, false]);

  add('architectures/lista-matryoshka.ts', 'export const unused = 1;\n');
  expect(changed(after, await told())).toEqual([true, true, false]);
});

it.each([
  ['the trainer', 'trainer/step.ts', [true, true, true]],
  ['an add-on', 'addons/leave-one-out.ts', [true, true, true]],
  ['the encoder', 'encoding.ts', [true, true, true]],
  ['a part of one architecture', 'parts/matryoshka.ts', [true, true, false]],
])('depends on %s', async (_, file, expected) => {
  const before = await told();
  add(file, 'export const unused = 1;\n');
  expect(changed(before, await told())).toEqual(expected);
});

it('depends on the settings of the experiment and of the profile', async () => {
  const before = await told();
  change('profiles.ts', 'dead_feature_window: 100', 'dead_feature_window: 101');
  expect(changed(before, await told())).toEqual([true, true, true]);
  change('profiles.ts', 'dead_feature_window: 101', 'dead_feature_window: 100');
  change('experiments/lista.ts', 'eta: 0.3', 'eta: 0.4');
  expect(changed(before, await told())).toEqual([true, true, false]);
});

it.each([
  [
    'an import by a name that is made',
    () => add('parts/init.ts', 'export const get = (name: string) => import(name);\n'),
    'sae/parts/init.ts imports what is known only when it runs',
  ],
  [
    'an import by a path that is made',
    () => add('parts/init.ts', "import { importFile } from '#contract/import-file';\nimportFile('x');\n"),
    'sae/parts/init.ts imports what is known only when it runs',
  ],
  [
    'a file that is read',
    () => add('parts/losses.ts', "import { readFileSync as read } from 'node:fs';\nread('sae/README.md');\n"),
    'sae/parts/losses.ts reads files when it runs',
  ],
  [
    'tensors that are read',
    () =>
      add(
        'parts/losses.ts',
        "import { readSafetensors } from '#contract/safetensors';\nreadSafetensors('x');\n",
      ),
    'sae/parts/losses.ts reads files when it runs',
  ],
  ['another loader', () => add('load.ts', 'export const other = 1;\n'), 'sae/load.ts imports what'],
  [
    'who calls the loader',
    () =>
      add(
        'addons/leave-one-out.ts',
        "import { loadArchitecture } from '../load.ts';\nloadArchitecture('topk');\n",
      ),
    'sae/addons/leave-one-out.ts imports sae/load.ts',
  ],
  [
    'experiments that see their process',
    () => add('experiments/paper.ts', 'export const late = process.argv;\n'),
    'sae/experiments/paper.ts does more than name experiments',
  ],
  ['a module that is not there', () => add('parts/init.ts', "import './nowhere.ts';\n"), 'Could not resolve'],
])('says where it cannot know: %s', async (_, edit, why) => {
  edit();
  expect(await told()).toEqual(asks.map(() => ({ unseen: expect.stringContaining(why) })));
});

it('tells nothing of an experiment that is not there', async () => {
  const none = [{ experiment: 'nope', profile: 'small', settings: {} }];
  const [answer] = await fingerprints({ repo, treeDir, node: [process.execPath] }, none);
  expect(answer).toEqual({ unseen: 'nope has no settings in its profile' });
});

describe('what was told before', () => {
  const kept = join(scene, 'kept');
  const again = () => fingerprints({ repo, treeDir, node: [process.execPath], kept }, asks);
  const entries = () => (existsSync(kept) ? readdirSync(kept) : []).map((name) => join(kept, name));
  beforeEach(() => rmSync(kept, { recursive: true, force: true }));

  it('is told again about the same files, and about no others', async () => {
    const first = await again();
    expect(first).toEqual(await told());
    expect(entries()).toHaveLength(asks.length);
    const mark = 'f'.repeat(64);
    for (const path of entries()) {
      const entry = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...entry, fingerprint: mark }));
    }
    expect(await again()).toEqual(asks.map(() => ({ fingerprint: mark })));
    for (const file of ['trainer/step.ts', 'check/other.json', 'experiments/mine.ts']) {
      writeFileSync(at(file), existsSync(at(file)) ? `${readFileSync(at(file), 'utf8')}\n` : '1');
      expect(await again(), file).toEqual(first);
    }
  });

  it('is not kept where it is no fingerprint, or a link leads to other files', async () => {
    add('parts/init.ts', 'export const get = (name: string) => import(name);\n');
    await again();
    symlinkSync('init.ts', at('parts/link.ts'));
    change('parts/init.ts', 'export const get = (name: string) => import(name);\n', '');
    expect(await again()).toEqual(await told());
    expect(entries()).toEqual([]);
  });
});

it('reads no file of elsewhere for a tree, whatever its code imports', async () => {
  const before = await told();
  const secret = join(scene, 'secret.json');
  writeFileSync(secret, 'KEY5f3a1 is no JSON');
  // With a device in its place, esbuild would read without an end, outside the sandbox.
  writeFileSync(at('tsconfig.json'), JSON.stringify({ extends: secret }));
  expect(await told()).toEqual(before);
  for (const [path, type] of [
    [secret, 'json'],
    [secret, 'text'],
    [join(repo, 'package.json'), 'json'],
  ]) {
    add(
      'trainer/step.ts',
      `\nimport elsewhere from ${JSON.stringify(path)} with { type: '${type}' };\nelsewhere;`,
    );
    const answers = JSON.stringify(await told());
    expect(answers).toContain('imports what is no file of the workspace, the engine or the formats');
    expect(answers).not.toContain('KEY');
    cpSync(join(repo, 'sae/trainer/step.ts'), at('trainer/step.ts'));
  }
});
