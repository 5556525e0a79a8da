import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git } from './git.ts';
import { checkoutTree, snapshotTree } from './tree.ts';

let repo: string;
const at = (name: string) => join(repo, name);
const write = (name: string, text: string) => {
  mkdirSync(join(at(name), '..'), { recursive: true });
  writeFileSync(at(name), text);
};
beforeEach(async () => {
  repo = mkdtempSync(join(tmpdir(), 'tree-'));
  await git(repo, ['init', '-q', '-b', 'main']);
  write('.gitignore', '*.log\nstate/\n');
  write('README.md', 'outside');
  write('sae/train.ts', 'first\r\n');
  write('sae/deep/er.ts', 'second');
  write('sae/run.sh', '#!/bin/sh\n');
  chmodSync(at('sae/run.sh'), 0o755);
});
afterEach(() => rmSync(repo, { recursive: true, force: true }));

const snapshot = (ref?: string) => snapshotTree({ repo, folder: 'sae', ref });

describe('a snapshot of the workspace', () => {
  it('holds the folder alone, as it stands, without what is ignored', async () => {
    write('sae/noise.log', 'ignored');
    const tree = await snapshot();
    const names = (await git(repo, ['ls-tree', '-r', '--name-only', tree])).split('\n');
    expect(names).toEqual(['sae/deep/er.ts', 'sae/run.sh', 'sae/train.ts']);
    write('README.md', 'changed');
    expect(await snapshot()).toBe(tree);
    write('sae/train.ts', 'changed');
    expect(await snapshot()).not.toBe(tree);
  });

  it('leaves index, working tree and branches alone', async () => {
    await git(repo, ['add', 'README.md']);
    write('sae/train.ts', 'dirty');
    const look = async () => [
      await git(repo, ['status', '--porcelain']),
      readFileSync(at('.git/index')).toString('hex'),
    ];
    const before = await look();
    await snapshot('refs/loop/runs/x');
    expect(await look()).toEqual(before);
  });

  it('is kept by its name through a collection of garbage', async () => {
    const tree = await snapshot('refs/loop/runs/2026-02-19--10-37-12-x-s0');
    write('sae/train.ts', 'other');
    const loose = await snapshot();
    await git(repo, ['gc', '-q', '--prune=now']);
    expect(await git(repo, ['cat-file', '-t', tree])).toBe('tree');
    await expect(git(repo, ['cat-file', '-t', loose])).rejects.toThrow();
  });

  it('runs no hook and no fsmonitor', async () => {
    for (const name of ['post-index-change', 'reference-transaction', 'fsmonitor']) {
      write(`.git/hooks/${name}`, `#!/bin/sh\ntouch ${at('hooked')}\n`);
      chmodSync(at(`.git/hooks/${name}`), 0o755);
    }
    await git(repo, ['config', 'core.fsmonitor', at('.git/hooks/fsmonitor')]);
    await checkoutTree({ repo, tree: await snapshot('refs/loop/runs/x') });
    expect(existsSync(at('hooked'))).toBe(false);
  });

  it('refuses a link that leads out, also by way of another link', async () => {
    const refused = /sae\/link: a link that leads out of sae\//;
    symlinkSync('../..', at('sae/deep/up'));
    await expect(snapshot()).rejects.toThrow(/sae\/deep\/up: a link that leads out/);
    rmSync(at('sae/deep/up'));
    mkdirSync(at('sae/deep/a/b'), { recursive: true });
    symlinkSync('../../..', at('sae/deep/a/b/top'));
    // By its words sae/deep/a, and in truth beside the repository.
    for (const target of ['deep/a/b/top/../..', './deep//a/b/top/../../x', '../README.md', repo]) {
      symlinkSync(target, at('sae/link'));
      await expect(snapshot(), target).rejects.toThrow(refused);
      rmSync(at('sae/link'));
    }
    for (const target of ['deep/er.ts', './deep', 'deep/..er', '..er']) {
      symlinkSync(target, at('sae/link'));
      await expect(snapshot(), target).resolves.toMatch(/^[0-9a-f]{40}/);
      rmSync(at('sae/link'));
    }
  });

  it('refuses what does not belong there, with one clear line', async () => {
    write('sae/big.bin', 'x'.repeat(1_500_000));
    await expect(snapshot()).rejects.toThrow('sae/big.bin: 1.5 MB');
    rmSync(at('sae/big.bin'));
    write('sae/deep/.git/HEAD', 'ref: refs/heads/main\n');
    await expect(snapshot()).rejects.toThrow(
      'sae/deep/.git: the workspace may not contain another repository',
    );
    rmSync(at('sae'), { recursive: true });
    await expect(snapshot()).rejects.toThrow('no such folder');
    mkdirSync(at('sae'));
    await expect(snapshot()).rejects.toThrow('has no file that git does not ignore');
  });
});

describe('a tree that is laid out', () => {
  it('has the bytes and the modes of the snapshot', async () => {
    const folder = await checkoutTree({ repo, tree: await snapshot() });
    expect(readFileSync(join(folder, 'sae/train.ts'), 'utf8')).toBe('first\r\n');
    expect(statSync(join(folder, 'sae/run.sh')).mode & 0o111).toBe(0o111);
    expect(readdirSync(folder)).toEqual(['sae']);
  });

  it('is used again as it is, and made anew where something changed it', async () => {
    const tree = await snapshot();
    const folder = await checkoutTree({ repo, tree });
    const { ino } = statSync(folder);
    expect(statSync(await checkoutTree({ repo, tree })).ino).toBe(ino);
    const spoil = [
      () => writeFileSync(join(folder, 'sae/train.ts'), 'evil'),
      () => rmSync(join(folder, 'sae/deep'), { recursive: true }),
      () => writeFileSync(join(folder, 'sae/more.log'), 'more'),
    ];
    for (const change of spoil) {
      change();
      await checkoutTree({ repo, tree });
      expect(readFileSync(join(folder, 'sae/train.ts'), 'utf8')).toBe('first\r\n');
      expect(readFileSync(join(folder, 'sae/deep/er.ts'), 'utf8')).toBe('second');
      expect(existsSync(join(folder, 'sae/more.log'))).toBe(false);
    }
    expect(readdirSync(at('state/trees'))).toEqual([tree]);
  });

  it('may be asked for by several at once', async () => {
    const tree = await snapshot();
    // What is there when the first one has it stays: something may run in it.
    const asked = Array.from({ length: 4 }, async () => statSync(await checkoutTree({ repo, tree })).ino);
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    expect(readdirSync(at('state/trees'))).toEqual([tree]);
  });

  it('may be asked for by several processes at once', async () => {
    const tree = await snapshot();
    const program = `import { statSync } from 'node:fs';
import { checkoutTree } from ${JSON.stringify(join(import.meta.dirname, 'tree.ts'))};
console.log(statSync(await checkoutTree(${JSON.stringify({ repo, tree })})).ino);`;
    const asked = Array.from({ length: 4 }, () =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]),
    );
    const said = await Promise.all(asked);
    expect(new Set(said.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(at('state/trees'))).toEqual([tree]);
  });

  it('that does not exist is refused and leaves nothing', async () => {
    await expect(checkoutTree({ repo, tree: 'f'.repeat(40) })).rejects.toThrow(/git read-tree/);
    expect(readdirSync(at('state/trees'))).toEqual([]);
  });
});
