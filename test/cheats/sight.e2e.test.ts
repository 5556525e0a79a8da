import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout, gitIn } from '../checkout.ts';

const tried = await tryBubblewrap(join(import.meta.dirname, '../..'));
if (!tried.ok) console.log(`SKIP test/cheats: ${tried.why}`);

// A model that looks where the truth, or an earlier result, may lie. Each is trained by the command that the
// loop's runs and `npm run train` share.
let repo: string;
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(repo, path)), { recursive: true });
  writeFileSync(join(repo, path), text);
};

/** Trains an architecture that begins with this code; gives the exit code and what the trainer said. */
function trainWith(code: string, more: string[] = []): { status: number | null; said: string } {
  const honest = readFileSync(join(repo, 'sae/architectures/topk.ts'), 'utf8');
  put('sae/architectures/cheat.ts', `${code}\n${honest}`);
  put(
    'sae/experiments/cheat.ts',
    `import { type Experiment } from '../experiment.ts';
export const experiments: Experiment[] = [{ name: 'cheat', description: 'It looks.', architecture: 'cheat', settings: {} }];\n`,
  );
  const what = ['cheat', '--profile', 'small', '--samples', '20480'];
  return node('agent/cli/train.ts', ...what, '--no-judge', '--out', 'checkpoints/cheat', ...more);
}

function node(...words: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['./host/start.mjs', ...words], {
    cwd: repo,
    env: cleanEnv(),
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

describe.skipIf(!tried.ok)('a model file', () => {
  let blob: string;
  beforeAll(() => {
    repo = copiedCheckout();
    // The rows before the first step are no part of what is tested.
    const task = readFileSync(join(repo, 'TASK.md'), 'utf8');
    put('TASK.md', task.replaceAll('normalisation: 102400', 'normalisation: 2048'));
    commitAll(repo);
    blob = gitIn(repo, 'rev-parse', 'HEAD:bench/world/build.ts').trim();
    put('checkpoints/earlier/out/checkpoint.safetensors', 'weights');
    put('sprints/earlier/README.md', 'what was tried');
    put('state/trees/earlier/sae/train.ts', 'code');
  });

  it('that looks nowhere is trained and judged', () => {
    const { status, said } = trainWith('');
    expect(status, said).toBe(0);
    const judged = node('bench/cli/judge.ts', 'checkpoints/cheat', '--samples', '2000');
    expect(judged.said).toMatch(/"kind":"verified"/);
  });

  it('that starts with the weights of another run has been given them, and its verdict says so', () => {
    renameSync(join(repo, 'checkpoints/cheat'), join(repo, 'checkpoints/first'));
    const { status, said } = trainWith('', ['--from', 'first']);
    expect(status, said).toBe(0);
    const judged = node('bench/cli/judge.ts', 'checkpoints/cheat', '--samples', '2000', '--json');
    expect(JSON.parse(judged.said.trim().split('\n').at(-1) ?? '')).toMatchObject({ from: 'first' });
    const losses = ['first', 'cheat'].map((run) => {
      const log = readFileSync(join(repo, 'checkpoints', run, 'out/progress.jsonl'), 'utf8');
      return (JSON.parse(log.split('\n')[0] ?? '') as { values: { loss: number } }).values.loss;
    });
    expect(losses[1]).toBeLessThan(0.8 * (losses[0] ?? 0));
    expect(trainWith('', ['--from', 'elsewhere/../first']).said).toContain('no run of this name');
    rmSync(join(repo, 'checkpoints/cheat'), { recursive: true });
  });

  it.each(['#bench/world/build', '#bench/judge/measure'])('that imports %s is not trained', (name) => {
    const { status, said } = trainWith(`import * as truth from '${name}';\nvoid truth;`);
    expect(status).toBe(2);
    expect(said).toMatch(/sae\/architectures\/cheat\.ts: does not load: Cannot find module/);
  });

  it('sees nothing of git, other runs, sprints, trees and checkouts', () => {
    const paths = [
      ...['.git/HEAD', 'TASK.md', 'bench/world/build.ts', 'host/sandbox.ts', 'sae/cli/train.ts'],
      ...['checkpoints/earlier/out/checkpoint.safetensors', 'sprints/earlier/README.md'],
      ...['state/trees/earlier/sae/train.ts', 'state/events.jsonl', 'package.json'],
    ].map((path) => join(repo, path));
    const { status, said } = trainWith(`
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
const looks: [string, () => unknown][] = [
  ...${JSON.stringify([...paths, import.meta.filename])}.map((path): [string, () => unknown] => [path, () => readFileSync(path)]),
  ['git', () => execFileSync('git', ['--git-dir', '${repo}/.git', 'cat-file', '-p', '${blob}'], { stdio: 'pipe' })],
  ['its place', () => execFileSync('git', ['log'], { cwd: import.meta.dirname, stdio: 'pipe' })],
];
const seen = looks.filter(([, look]) => {
  try { look(); return true; } catch { return false; }
});
throw new Error('seen: ' + seen.map(([name]) => name).join(', ') + '; beside: ' + readdirSync('${dirname(repo)}').length);`);
    expect(status).toBe(2);
    // The names of the packages are what `reads` gives: it shows that the look itself works.
    expect(said).toContain(`does not load: seen: ${repo}/package.json; beside: 1`);
  });
});
