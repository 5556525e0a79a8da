import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { push, repoNamed } from './push.ts';

const root = mkdtempSync(join(tmpdir(), 'hub-push-'));
afterAll(() => rmSync(root, { recursive: true }));

const folder = join(root, 'export');
beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['cfg.json', 'sae_weights.safetensors', 'notes.txt'])
    writeFileSync(join(folder, name), name);
});

/** A command on a PATH of its own that writes down its arguments, its token and what it would upload. */
function stub(name: string, exit = 0): NodeJS.ProcessEnv {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  const path = join(bin, name);
  const told = join(root, 'told');
  writeFileSync(path, `#!/bin/sh\necho "$HF_TOKEN $@" > ${told}\nls "$3" >> ${told}\nexit ${exit}\n`);
  chmodSync(path, 0o755);
  return { PATH: `${bin}:/usr/bin:/bin`, HF_TOKEN: 'mine' };
}
const told = () => readFileSync(join(root, 'told'), 'utf8').trim().split('\n');

it.each(['hf', 'huggingface-cli'])(
  'uploads the files of an export alone by %s, with the user’s token',
  async (name) => {
    await push('me/my-sae', folder, stub(name));
    const [words = '', ...files] = told();
    expect(words).toMatch(/^mine upload me\/my-sae \S+ \. --repo-type model$/);
    expect(files).toEqual(['cfg.json', 'sae_weights.safetensors']);
  },
);

it('says in one line what is missing, or that the hub refused', async () => {
  await expect(push('me/my-sae', folder, { PATH: join(root, 'empty') })).rejects.toThrow(
    /^--push needs huggingface_hub of Python: pip install huggingface_hub, then hf auth login$/,
  );
  await expect(push('me/my-sae', folder, stub('hf', 3))).rejects.toThrow(
    /^hf upload me\/my-sae: ended with 3;/,
  );
  rmSync(join(folder, 'cfg.json'));
  await expect(push('me/my-sae', folder, stub('hf'))).rejects.toThrow('there is no cfg.json');
});

it('follows no link, which could name a file of the user’s', async () => {
  writeFileSync(join(root, 'secret'), 'secret');
  symlinkSync(join(root, 'secret'), join(folder, 'encode.py'));
  await expect(push('me/my-sae', folder, stub('hf'))).rejects.toThrow(
    'encode.py: is no plain file; not pushed',
  );
});

it('takes names of models alone', () => {
  expect(repoNamed('me/my-sae.v2')).toBe('me/my-sae.v2');
  for (const bad of [undefined, '', 'me', '--token/x', 'a/b/c', 'a b/c'])
    expect(() => repoNamed(bad)).toThrow('must be owner/name');
});
