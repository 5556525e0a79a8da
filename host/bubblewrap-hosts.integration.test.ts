import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bubblewrap, tryBubblewrap } from './bubblewrap.ts';
import { capture } from './capture.ts';
import { cleanEnv } from './env.ts';

// Asks bubblewrap directly: a mistake in our own code must fail these tests, not skip them.
const bare = spawnSync('bwrap', '--ro-bind / / --proc /proc --unshare-user --unshare-pid true'.split(' '));
const possible = bare.status === 0;
if (!possible) console.log('SKIP bubblewrap-hosts.integration.test.ts: bubblewrap does not work here');

let folder: string;
const before = { ...process.env };
const at = (name: string) => join(folder, name);
const write = (name: string, text: string) => {
  mkdirSync(join(at(name), '..'), { recursive: true });
  writeFileSync(at(name), text);
};
const git = (place: string, ...args: string[]) => {
  const as = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...as, ...args], { cwd: at(place), encoding: 'utf8' });
};
const newRepo = (place: string, ...how: string[]) => {
  write(`${place}/TASK.md`, 'the task');
  git(place, 'init', '-q', ...how);
  git(place, 'add', '--all');
  git(place, 'commit', '-qm', 'Start');
  git(place, 'config', 'http.extraHeader', 'secret');
};
const inside = async (place: string, script: string) => {
  const wrapped = bubblewrap(at(place)).wrap(['bash', '-c', script], { cwd: at(place), wholeCheckout: true });
  const { stdout } = await capture({ ...wrapped, cwd: at(place), timeoutSeconds: 120 });
  return stdout;
};

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hosts-')));
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!possible)('git inside reads', () => {
  const look = 'git log --format=%s 2>&1; git show HEAD:TASK.md 2>&1; git config --list 2>&1';

  it.each([
    ['a linked worktree', () => git('main', 'worktree', 'add', '-q', at('checkout'))],
    ['a submodule', () => git('outer', 'submodule', '--quiet', 'add', at('main'), 'checkout')],
    [
      'a folder of git’s elsewhere',
      () => git('.', 'clone', '-q', '--separate-git-dir', at('separate'), at('main'), 'checkout'),
    ],
    ['borrowed objects', () => git('.', 'clone', '-q', '--shared', at('main'), 'checkout')],
    ['another hash', () => newRepo('checkout', '--object-format=sha256')],
  ])('%s that lies where all is hidden, and its keys are not seen', async (what, make) => {
    newRepo('main');
    if (what === 'a submodule') newRepo('outer');
    make();
    const place = what === 'a submodule' ? 'outer/checkout' : 'checkout';
    git(place, 'config', 'http.extraHeader', 'secret');
    const seen = await inside(place, `${look}; cat ${at('main')}/.git/config ${at('outer')}/.git/config`);
    expect(seen).toMatch(/^Start\nthe task/);
    expect(seen).not.toContain('secret');
  });

  it('a checkout whose submodules’ keys are not seen', async () => {
    newRepo('main');
    newRepo('outer');
    git('outer', 'submodule', '--quiet', 'add', '--name', 'deep/er', at('main'), 'sub');
    git('outer/sub', 'config', 'http.extraHeader', 'secret');
    const seen = await inside('outer', 'cat .git/modules/deep/er/HEAD; cat .git/modules/deep/er/config');
    expect(seen).toMatch(/^ref: \S+\n$/);
  });

  it.skipIf(process.getuid?.() !== 0)('a checkout of somebody else’s', async () => {
    newRepo('main');
    execFileSync('chown', ['-R', '12345', at('main')]);
    expect(await inside('main', look)).toMatch(/^Start\nthe task/);
  });
});

it.skipIf(!possible || process.getuid?.() !== 0)(
  'caches that are named as Python reads them are hidden, and the hub’s token in the open',
  async () => {
    write('repo/TASK.md', 'the task');
    write('repo/worlds/hub/dictionary', 'secret');
    write('repo/worlds/older/dictionary', 'secret');
    write('repo/token', 'secret');
    process.env.PLACE = at('repo/worlds');
    Object.assign(process.env, { HF_HOME: '$PLACE/hub', HUGGINGFACE_HUB_CACHE: at('repo/worlds/older') });
    // A folder outside the temporary folders, which are all hidden.
    const open = realpathSync(mkdtempSync('/var/tmp/../loop-'));
    try {
      writeFileSync(join(open, 'token'), 'secret');
      process.env.HF_TOKEN_PATH = join(open, 'token');
      const seen = await inside('repo', `cat TASK.md worlds/*/dictionary; cat ${join(open, 'token')}`);
      expect(seen).toBe('the task');
    } finally {
      rmSync(open, { recursive: true });
    }
  },
);

describe.skipIf(!possible)('node inside is the one outside', () => {
  const ask = 'node -p process.execPath; command -v node';

  it('where PATH finds a stand-in that needs the home, or a link in it', async () => {
    write('repo/TASK.md', '');
    write('home/.volta/bin/node', '#!/bin/sh\necho stand-in\n');
    chmodSync(at('home/.volta/bin/node'), 0o755);
    process.env.HOME = at('home');
    const path = process.env.PATH;
    process.env.PATH = `${at('home/.volta/bin')}:${path}`;
    const ours = `${realpathSync(process.execPath)}\n/tmp/.node/node\n`;
    expect(await inside('repo', ask)).toBe(ours);
    rmSync(at('home/.volta/bin/node'));
    symlinkSync(process.execPath, at('home/.volta/bin/node'));
    expect(await inside('repo', ask)).toBe(ours);
    expect(await tryBubblewrap(at('repo'))).toMatchObject({ ok: true });
  });

  it('where it lies in ~/.local, whose other files stay hidden', async () => {
    write('home/.local/share/keyrings/key', 'secret');
    write('home/.local/lib/node_modules/npm/package.json', '{}');
    write('home/repo/TASK.md', 'the task');
    const node = at('home/.local/bin/node');
    mkdirSync(at('home/.local/bin'));
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
    const program = `
      import { bubblewrap, tryBubblewrap } from ${JSON.stringify(join(import.meta.dirname, 'bubblewrap.ts'))};
      import { capture } from ${JSON.stringify(join(import.meta.dirname, 'capture.ts'))};
      if (!(await tryBubblewrap('.')).ok) throw new Error('it does not work');
      const look = 'cat ~/.local/share/keyrings/key; ls ~/.local/lib/node_modules; node -p process.execPath';
      const wrapped = bubblewrap('.').wrap(['bash', '-c', look], { cwd: '.', wholeCheckout: true });
      process.stdout.write((await capture({ ...wrapped, cwd: '.' })).stdout);`;
    const { stdout, stderr } = spawnSync(
      node,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program],
      { cwd: at('home/repo'), env: cleanEnv({ HOME: at('home') }), encoding: 'utf8' },
    );
    expect(stdout, stderr).toBe(`npm\n${node}\n`);
  });
});

it.skipIf(!possible || process.getuid?.() !== 0)(
  'an account without a name and a home has the sandbox',
  () => {
    write('repo/TASK.md', 'the task');
    execFileSync('chown', ['-R', '12345', folder]);
    const program = `
    import { tryBubblewrap } from ${JSON.stringify(join(import.meta.dirname, 'bubblewrap.ts'))};
    console.log(JSON.stringify(await tryBubblewrap('.')));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program],
      { cwd: at('repo'), uid: 12345, gid: 12345, env: { PATH: process.env.PATH }, encoding: 'utf8' },
    );
    const tried = JSON.parse(stdout || '{}') as { ok?: boolean; why?: string };
    // The machine decides whether such an account may have a sandbox; the test checks that bubblewrap was
    // tried.
    expect(tried.ok === true || /bubblewrap does not work here/.test(tried.why ?? ''), stderr + stdout).toBe(
      true,
    );
  },
);

describe('where there is none, the advice fits', () => {
  /** Puts programs with these scripts first in PATH. */
  const withPrograms = (programs: Record<string, string>) => {
    for (const [name, script] of Object.entries(programs)) {
      write(`bin/${name}`, `#!/bin/sh\n${script}\n`);
      chmodSync(at(`bin/${name}`), 0o755);
    }
    process.env.PATH = `${at('bin')}:${process.env.PATH}`;
    write('repo/TASK.md', '');
  };

  it('an env that cannot ignore signals', async () => {
    withPrograms({
      env: 'case $1 in --*) echo "env: unrecognized option: ignore-signal=TERM" >&2; exit 1; esac\nexec /usr/bin/env "$@"',
    });
    expect(await tryBubblewrap(at('repo'))).toEqual({
      ok: false,
      why: "the program env cannot ignore signals here (env: unrecognized option: ignore-signal=TERM): it is BusyBox's, or older than coreutils 8.31",
      install: 'install GNU coreutils: apk add coreutils bubblewrap, or sudo apt install coreutils',
    });
  });

  it.each([
    ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted", 'systempaths=unconfined'],
    ['bwrap: No permissions to create new namespace', 'kernel.unprivileged_userns_clone=1'],
    ['bwrap: setting up uid map: Permission denied', 'kernel.apparmor_restrict_unprivileged_userns=0'],
  ])('%s', async (complaint, advice) => {
    withPrograms({ bwrap: `echo "${complaint}" >&2; exit 1` });
    const tried = await tryBubblewrap(at('repo'));
    expect(tried).toMatchObject({ ok: false, why: expect.stringContaining(complaint) });
    expect(tried.ok ? '' : tried.install).toContain(advice);
  });

  it('another Node inside', async () => {
    withPrograms({ bwrap: 'printf "v18.0.0 /usr/bin/node"' });
    expect(await tryBubblewrap(at('repo'))).toMatchObject({
      ok: false,
      why: expect.stringMatching(
        /^node in the sandbox \(v18.0.0 \/usr\/bin\/node\) is not the node that runs this command \(v/,
      ),
    });
  });
});
