import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Task } from '#contract/task';
import { bubblewrap } from './bubblewrap.ts';
import { capture } from './capture.ts';
import { git } from './git.ts';
import { readsOf } from './reads.ts';
import { worktreeOf } from './worktree.ts';

// Asks bubblewrap directly: a mistake in our own code must fail these tests, not skip them.
const bare = spawnSync('bwrap', '--ro-bind / / --proc /proc --unshare-user --unshare-pid true'.split(' '));
const possible = bare.status === 0;
if (!possible) console.log('SKIP named-mounts.integration.test.ts: bubblewrap does not work here');

const home = realpathSync(mkdtempSync(join(tmpdir(), 'named-')));
const packages = realpathSync(mkdtempSync(join(tmpdir(), 'packages-')));
afterAll(() => {
  for (const folder of [home, packages]) rmSync(folder, { recursive: true });
});
const write = (path: string, text: string) => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};
const task = {
  contract: { workspace: 'sae', reads: ['engine', 'bench/reader.ts', 'node_modules', 'missing'] },
} as unknown as Task;

/** Runs a shell script as code of the workspace: it sees the workspace in `cwd` and what the task names. */
const run = (script: string, where: { repo?: string; cwd?: string; writable?: string[] } = {}) => {
  const { repo = home, cwd = repo, writable = [] } = where;
  const confinement = { cwd, readable: readsOf(task, repo, cwd), writable };
  const wrapped = bubblewrap(repo).wrap(['bash', '-c', script], confinement);
  return capture({ ...wrapped, cwd, timeoutSeconds: 120 });
};

beforeAll(async () => {
  for (const name of ['sae/a.ts', 'engine/e.ts', 'bench/reader.ts']) write(join(home, name), 'shown ');
  for (const name of [
    'bench/judge.ts',
    'TASK.md',
    'sprints/one/README.md',
    'checkpoints/one/run.json',
    '.env',
  ])
    write(join(home, name), 'hidden');
  write(join(home, 'state/trees/mine/sae/a.ts'), 'mine ');
  write(join(home, 'state/trees/other/sae/a.ts'), 'hidden');
  write(join(home, '../beside/sae/a.ts'), 'hidden');
  write(join(packages, 'p/index.js'), 'package');
  symlinkSync(packages, join(home, 'node_modules'));
  await git(home, ['init', '-q']);
  await git(home, ['add', 'TASK.md']);
  await git(home, ['-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'hidden']);
});

describe.skipIf(!possible)('code of the workspace', () => {
  const look = `cat sae/a.ts; cat ${home}/engine/e.ts ${home}/bench/reader.ts ${home}/node_modules/p/index.js
    cat ${home}/TASK.md ${home}/.env ${home}/bench/judge.ts ${home}/*/*/* ${home}/state/trees/*/sae/* ${home}/../beside/sae/a.ts
    git -C ${home} log; git -C ${home} show HEAD:TASK.md; ls ${home} | tr '\\n' ' '`;

  it('reads the workspace and what the task names, and knows nothing else of the checkout', async () => {
    const { stdout } = await run(look);
    // The second time by the patterns: they find what is shown and no more.
    expect(stdout).toBe('shown shown shown packagepackagebench engine node_modules sae ');
  });

  it('reads its own tree, and not the workspace of the checkout or another tree', async () => {
    const { stdout } = await run(look, { cwd: join(home, 'state/trees/mine') });
    expect(stdout).toMatch(/^mine shown shown package/);
    expect(stdout).not.toContain('hidden');
    expect(stdout.trim().split(/\s/).slice(-4)).toEqual(['bench', 'engine', 'node_modules', 'state']);
  });

  it('writes its own folder, and makes nothing beside it', async () => {
    const out = join(home, 'checkpoints/mine/out');
    mkdirSync(out, { recursive: true });
    const places = [out, home, `${home}/engine`, `${home}/sae`, '/usr', '/etc', '/var', '/'];
    const { stdout } = await run(
      places.map((place) => `touch ${place}/new && echo ${place}; rm -f ${home}/engine/e.ts`).join('; '),
      { writable: [out] },
    );
    expect(stdout).toBe(`${out}\n`);
    expect(readFileSync(join(home, 'engine/e.ts'), 'utf8')).toBe('shown ');
  });

  it('of a loop’s worktree reads that worktree, with the packages of the checkout above it', async () => {
    const worktree = worktreeOf(home);
    for (const name of ['sae/a.ts', 'engine/e.ts']) write(join(worktree, name), 'worktree ');
    const { stdout } = await run(`cat sae/a.ts engine/e.ts ../../node_modules/p/index.js; ls ../..`, {
      repo: worktree,
    });
    expect(stdout).toBe('worktree worktree packagebench\nnode_modules\nstate\n');
    rmSync(worktree, { recursive: true });
  });

  it.skipIf(process.getuid?.() !== 0)('sees no checkout beside one among the system’s folders', async () => {
    const places = ['mine', 'other'].map((name) => mkdtempSync(join('/opt', `loop-${name}-`)));
    const [mine = '', other = ''] = places;
    try {
      for (const place of places) {
        write(join(place, 'sae/a.ts'), 'text');
        write(join(place, 'bench/judge.ts'), 'hidden');
        await git(place, ['init', '-q']);
      }
      const { stdout } = await run(`cat sae/a.ts ${mine}/bench/judge.ts ${other}/sae/a.ts; ls -A ${other}`, {
        repo: mine,
      });
      expect(stdout).toBe('text');
    } finally {
      for (const place of places) if (existsSync(place)) rmSync(place, { recursive: true });
    }
  });
});
