import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, START, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

let repo: string;
/** The run of the night, a run by hand with other settings, one that began with the weights of that one. */
let [night, hand, later]: string[] = [];

const command = async (name: string, ...args: string[]) => {
  const file = join(import.meta.dirname, `${name}.ts`);
  const argv = [process.execPath, START, file, ...args];
  const { exit, stdout, complaint } = await capture({
    argv,
    cwd: repo,
    env: cleanEnv(),
    timeoutSeconds: 280,
  });
  return { code: exit.code, stdout, complaint };
};
const folders = () => readdirSync(join(repo, 'checkpoints')).filter((name) => /^\d{4}-/.test(name));
const trained = async (...args: string[]) => {
  const before = folders();
  expect((await command('train', 'plain', '--sandbox', 'off', ...args)).code).toBe(0);
  return folders().find((name) => !before.includes(name)) ?? '';
};

beforeAll(async () => {
  repo = tinyRepository([sprintTo('first', 0.6)]);
  await loopIn(repo);
  night = readSprints(sprintsDir(repo))[0]?.candidate ?? '';
  writeFileSync(join(repo, 'compare.mjs'), 'console.log("learned", ...process.argv.slice(2))');
  const task = join(repo, 'TASK.md');
  writeFileSync(task, readFileSync(task, 'utf8').replace('also:', 'compare: node compare.mjs\nalso:'));
  hand = await trained('--set', 'f1=0.7', '--set', 'mcc=0.65');
  later = await trained('--set', 'f1=0.9', '--seed', '2', '--from', hand);
});

describe('npm run runs', () => {
  const ids = async (...args: string[]) =>
    (JSON.parse((await command('runs', '--json', ...args)).stdout) as { run: string }[]).map(
      ({ run }) => run,
    );

  it('lists the runs of the night and those by hand, whose folders say what was set', async () => {
    expect(hand).toMatch(/^[\d-]{20}-plain-f1=0\.7-mcc=0\.65-s0$/);
    const { code, stdout } = await command('runs');
    expect(code).toBe(0);
    const line = (id = '') => stdout.split('\n').find((each) => each.includes(id)) ?? '';
    expect(line(night)).toMatch(
      / - +0 +1000 +tiny +\w{8} +finished \(candidate\) +loss 0\.100 +0\.600 0\.600 +0\.600 0\.600$/,
    );
    expect(line(hand)).toMatch(
      /f1=0\.7 mcc=0\.65 +0 +1000 +tiny +\w{8} +finished +loss 0\.100 .*0\.700 0\.650$/,
    );
    expect(line(later)).toContain('finished (other weights, declared)');
    expect(stdout).toContain('\n3 runs\n');
  });

  it('filters and sorts, and gives every column to programs', async () => {
    expect(await ids('--sort', '-f1')).toEqual([later, hand, night]);
    expect(await ids('--where', 'f1>.6 seed=0')).toEqual([hand]);
    expect(await ids('--where', 'set~mcc=')).toEqual([hand]);
    const { stdout } = await command('runs', '--csv', '--where', 'seed=2');
    const [head, row] = stdout.split('\n').map((text) => text.split(','));
    expect(row?.[head?.indexOf('declared_start') ?? -1]).toBe(hand);
    const wrong = await command('runs', '--where', 'nothing>1');
    expect([wrong.code, wrong.complaint]).toEqual([2, expect.stringContaining('no run has "nothing"')]);
  });
});

describe('a command for a run', () => {
  const look = async (...args: string[]) => {
    writeFileSync(
      join(repo, 'look.mjs'),
      'console.log(...process.argv.slice(2)); process.exit(process.argv.length)',
    );
    const { code, stdout, complaint } = await command('of-run', 'node', 'look.mjs', ...args);
    return code === 2 && stdout === '' ? complaint : [code, stdout.trim()];
  };
  const folder = (id = '') => join(repo, 'checkpoints', id);

  it('is given the folder of the run that was meant, the other words, and its own exit code', async () => {
    expect(await look('best', '--worst', '3')).toEqual([5, `${folder(night)} --worst 3`]);
    expect(await look(later ?? '')).toEqual([3, folder(later)]);
    expect(await look('mcc=0.65')).toEqual([3, folder(hand)]);
    expect(await look('checkpoints')).toEqual([3, 'checkpoints']);
    expect(await look('--help')).toEqual([3, '--help']);
    expect(await look()).toEqual([2, '']);
    expect(await look('nothing')).toBe('no run "nothing"; npm run runs lists them');
  });

  it('says where the weights of the best are not here', async () => {
    renameSync(folder(night), join(repo, 'away'));
    expect(await look('best')).toBe(
      `checkpoints/${night} is not in this checkout (checkpoints are not committed); train it again: npm run best -- --train`,
    );
    renameSync(join(repo, 'away'), folder(night));
  });
});

describe('npm run compare', () => {
  it('shows settings, numbers with noise, curves, and what the command of the task tells', async () => {
    const { code, stdout } = await command('compare', night ?? '', 'mcc=0.65', '--sandbox', 'off');
    expect(code).toBe(0);
    expect(stdout).toContain(`A = ${night}\nB = ${hand}\n`);
    expect(stdout).toMatch(/^ {2}f1 +- +0\.7$/m);
    expect(stdout).toMatch(/^ {2}code: git diff \w{40} \w{40}$/m);
    expect(stdout).toMatch(/^ {2}f1 +0\.6000 +0\.7000 +\+0\.1000\* +0\.01$/m);
    expect(stdout).toMatch(/^ {2}mcc +0\.6000 +0\.6500 +\+0\.0500 +-$/m);
    const picture = /curves: (.*)/.exec(stdout)?.[1] ?? '';
    expect(readFileSync(picture, 'utf8')).toContain(`B ${hand}`);
    const [first, second] = [night, hand].map((id = '') => join(repo, 'checkpoints', id));
    expect(stdout).toContain(`B against A. learned ${first} ${second} --sandbox off\n`);
  });

  it('gives the same as JSON, and refuses what names no two runs', async () => {
    const { stdout } = await command('compare', '--json', 'best', hand ?? '', later ?? '');
    expect(JSON.parse(stdout)).toMatchObject({
      runs: [{ run: night }, { run: hand }, { run: later }],
      judged: ['verified', 'verified', 'verified'],
      numbers: [{ name: 'f1', values: [0.6, 0.7, 0.9] }, { name: 'mcc' }],
    });
    expect((await command('compare', hand ?? '', 'mcc=0.65')).complaint).toContain('two different runs');
    expect((await command('compare', 'plain', 'x')).complaint).toContain('is in the id of 3 runs');
    expect((await command('compare', 'x', 'y')).complaint).toContain('no run "x"');
  });
});

describe('npm run rm', () => {
  const refs = () => git(repo, 'for-each-ref', '--format=%(refname)', 'refs/loop/runs');

  it('removes nothing that is needed', async () => {
    const refused = await command('rm', '--yes', night ?? '');
    expect([refused.code, refused.complaint]).toEqual([2, expect.stringContaining('needed by sprint ')]);
    expect((await command('rm', '--yes', hand ?? '')).complaint).toContain(
      `run ${later}, which began with it`,
    );
    expect(folders()).toHaveLength(3);
  });

  it('says what it would remove, and with --yes removes it with its tree', async () => {
    const told = await command('rm', '--where', 'seed=2');
    expect(told.stdout).toMatch(/1 run would be removed \(with --yes\), 0\.0 MB\n$/);
    expect(existsSync(join(repo, 'checkpoints', later ?? ''))).toBe(true);
    expect(refs()).toContain(later);
    const { code, stdout } = await command('rm', '--yes');
    expect([code, stdout]).toEqual([0, expect.stringContaining('2 runs removed')]);
    expect(stdout).toContain('; kept, because something refers to them: 1');
    expect(folders()).toEqual([night]);
    expect(refs()).not.toContain(later);
  });
});
