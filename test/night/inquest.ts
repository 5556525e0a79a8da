import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sprintsDir } from '#agent/common/paths';
import { readSprints } from '#agent/ledger/ledger';
import { worktreeOf } from '#host/worktree';
import type { SprintPlan } from './sprint.ts';

/** Problems with what a night left behind, one line each. `plans` says how each sprint must have ended. */
export function inquest(repo: string, plans: readonly SprintPlan[]): string[] {
  return [...ledger(repo, plans), ...history(repo), ...reports(repo), ...files(repo), ...processes(repo)];
}

/** Each sprint appears once, with a planned outcome and the planned F1. */
function ledger(repo: string, plans: readonly SprintPlan[]): string[] {
  const sprints = readSprints(sprintsDir(repo));
  const problems: string[] = [];
  const numbers = sprints.map((s) => s.number).join();
  if (numbers !== sprints.map((_, i) => i + 1).join()) problems.push(`sprints are numbered ${numbers}`);
  if (sprints.length < plans.length) problems.push(`${sprints.length} sprints of ${plans.length}`);
  for (const [index, plan] of plans.entries()) {
    const sprint = sprints[index];
    if (!sprint) continue;
    const where = `sprint ${index + 1} (${plan.story})`;
    if (!plan.outcomes.includes(sprint.outcome))
      problems.push(`${where}: ${sprint.outcome} and not ${plan.outcomes.join(' or ')}: ${sprint.reason}`);
    const f1 = sprint.verdict?.metrics.f1 ?? null;
    if (f1 !== plan.f1) problems.push(`${where}: verified ${f1} and not ${plan.f1}`);
  }
  return problems;
}

/** One commit a sprint, in order, on the run branch alone; nothing else changed; git fsck passes. */
function history(repo: string): string[] {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: worktreeOf(repo), encoding: 'utf8' }).trim();
  const problems: string[] = [];
  const subjects = git('log', '--reverse', '--format=%s', '--grep=^Sprint ', 'main..').split('\n');
  const wanted = readSprints(sprintsDir(repo)).map((s) => `Sprint ${s.number}: ${s.title} (${s.outcome})`);
  if (subjects.join('\n') !== wanted.join('\n')) problems.push(`commits are\n${subjects.join('\n')}`);
  if (git('log', '--format=%s', 'main') !== 'Set the stage\nStart') problems.push('main was touched');
  const dirty = git('status', '--porcelain')
    .split('\n')
    .filter((line) => line !== '');
  if (dirty.length > 0) problems.push(`not committed: ${dirty.join(', ')}`);
  try {
    execFileSync('git', ['fsck', '--no-dangling', '--no-progress'], { cwd: repo, stdio: 'pipe' });
  } catch (error) {
    problems.push(`git fsck: ${(error as Error).message}`);
  }
  return problems;
}

/** Every sprint has its report in all forms, and the notebook links to them. */
function reports(repo: string): string[] {
  const notebook = readFileSync(join(repo, 'reports/index.html'), 'utf8');
  return readSprints(sprintsDir(repo)).flatMap(({ id }) => {
    const missing = ['md', 'html', 'pdf'].filter((form) => !existsSync(join(repo, `reports/${id}.${form}`)));
    const pdf = missing.includes('pdf') ? '%PDF-' : readFileSync(join(repo, `reports/${id}.pdf`), 'latin1');
    return [
      ...missing.map((form) => `${id}: no ${form} report`),
      ...(pdf.startsWith('%PDF-') ? [] : [`${id}: its PDF is none`]),
      ...(notebook.includes(`${id}.html`) ? [] : [`${id}: not in the notebook`]),
    ];
  });
}

/**
 * No file is half-written: no temporary file is left, and every JSON file can be read. Files of trainers are
 * not checked.
 */
function files(repo: string): string[] {
  const folders = ['reports', 'state', 'checkpoints'];
  const paths = folders.flatMap((folder) =>
    readdirSync(join(repo, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter(
        (path) =>
          !/^state\/(worktree\/state\/)?trees\/|\/out\//.test(path) && statSync(join(repo, path)).isFile(),
      ),
  );
  return paths.flatMap((path) => {
    if (path.endsWith('.tmp')) return [`${path}: left over`];
    if (!/\.jsonl?$/.test(path)) return [];
    const text = readFileSync(join(repo, path), 'utf8');
    const parts = path.endsWith('.jsonl') ? text.split('\n').filter((line) => line !== '') : [text];
    return parts.every(isJson) ? [] : [`${path}: is half-written`];
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * No process is left whose working directory or command line names the repository, and no `sleep` of a
 * detour.
 */
function processes(repo: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        return words !== '' && (cwd.startsWith(repo) || words.includes(repo) || /sleep 98[67]$/.test(words))
          ? [`still runs: ${pid} ${words.slice(0, 120)}`]
          : [];
      } catch {
        return []; // It ended meanwhile, or is not ours.
      }
    });
}
