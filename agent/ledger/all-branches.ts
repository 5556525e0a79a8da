import { basename, dirname } from 'node:path';
import type { z } from 'zod';
import type { BeganFrom } from '#contract/began-from';
import { Checked } from '#contract/confirmed';
import { Sprint } from '#contract/sprint';
import { git } from '#host/git';
import { committed } from '../common/paths.ts';
import { isRunBranch } from '../git/run-branch.ts';
import { parsedBeganFrom } from './began-from.ts';
import { withCheck } from './checked.ts';

/** A closed sprint and the run branch that has it. */
export interface BranchSprint {
  sprint: Sprint;
  /** `run/2026-02-19`, or `origin/run/2026-02-19` in a clone. */
  branch: string;
  /** The commit that added its record. */
  commit: string;
}

export interface Gathered {
  sprints: BranchSprint[];
  /** The run branches that began with the workspace of an earlier night. */
  began: BeganFrom[];
  /** Records that are no sprint, a line each: one damaged record does not cost the others. */
  unreadable: string[];
}

/** A record that is larger is no record: that of a long sprint has a quarter of a megabyte. */
const MAX_BYTES = 16 * 2 ** 20;

/**
 * The closed sprints of all run branches, by the time at which they were closed. A sprint that is on several
 * branches counts once, on the first that had it. Only git's objects are read, so it makes no difference
 * which branch is checked out, or whether a loop runs.
 */
export async function allSprints(repo: string): Promise<Gathered> {
  const list = ['for-each-ref', '--format=%(refname)', 'refs/heads/run/', 'refs/remotes/'];
  const refs = (await git(repo, list))
    .split('\n')
    .map((ref) => ({ ref, branch: ref.replace(/^refs\/(heads|remotes)\//, '') }))
    .filter(({ branch }) => isRunBranch(branch.replace(/^[^/]+\/(?=run\/)/, '')));
  const found = new Map<string, BranchSprint>();
  const read = new Set<string>();
  const unreadable: string[] = [];
  // By sprint and key: a branch may have been made or fetched before the end of the night that it is of.
  const checks = new Map<string, Checked>();
  const began = new Map<string, BeganFrom>();
  // Branches of the checkout come before those of remotes, and earlier ones before those made from them.
  for (const { ref, branch } of refs) {
    const commits = await addedIn(repo, ref);
    const file = await git(repo, ['show', `${ref}:${committed.beganFrom}`]).catch(() => '');
    const from = parsedBeganFrom(file);
    // A branch that was made from another one has its file too.
    if (from && branch.endsWith(from.branch)) began.set(branch, { ...from, branch });
    const records = (await recordsOf(repo, ref)).filter(({ blob }) => !read.has(blob));
    const texts = await textsOf(repo, records);
    for (const [id, checked] of await checksOf(repo, ref))
      checks.set(`${id} ${checked.key}`, checks.get(`${id} ${checked.key}`) ?? checked);
    for (const { id, blob } of records) {
      read.add(blob);
      const sprint = parsed(Sprint, texts.get(blob));
      if (!sprint) unreadable.push(`${branch}: sprints/${id}/sprint.json is not the record of a sprint`);
      else if (!found.has(keyOf(sprint)))
        found.set(keyOf(sprint), { sprint, branch, commit: commits.get(id) ?? ref });
    }
  }
  const sprints = [...found.values()].map((one) => ({
    ...one,
    sprint: withCheck(one.sprint, checks.get(`${one.sprint.id} ${one.sprint.confirmed?.key}`) ?? null),
  }));
  return {
    sprints: sprints.sort((a, b) => (a.sprint.closedAt < b.sprint.closedAt ? -1 : 1)),
    began: [...began.values()],
    unreadable,
  };
}

const keyOf = ({ id, closedAt }: Sprint) => `${id} ${closedAt}`;

/** The commit that added each sprint's record, by the sprint's folder. */
async function addedIn(repo: string, ref: string): Promise<Map<string, string>> {
  const how = ['--format=%x00%H', '--name-only', '--diff-filter=A', '--no-renames'];
  const log = await git(repo, ['log', ...how, ref, '--', 'sprints']);
  const added = new Map<string, string>();
  for (const entry of log.split('\0')) {
    const [hash = '', ...files] = entry.split('\n').filter((line) => line !== '');
    for (const file of files) if (basename(file) === 'sprint.json') added.set(basename(dirname(file)), hash);
  }
  return added;
}

interface Stored {
  /** The folder of the sprint. */
  id: string;
  blob: string;
  size: number;
}

/** What bests gave at the end of their night, by sprint; what cannot be read is as if it was not there. */
async function checksOf(repo: string, ref: string): Promise<Map<string, Checked>> {
  const files = await recordsOf(repo, ref, 'checked');
  const texts = await textsOf(repo, files);
  return new Map(
    files.flatMap(({ id, blob }) => {
      const checked = parsed(Checked, texts.get(blob));
      return checked ? [[id, checked] as const] : [];
    }),
  );
}

async function recordsOf(repo: string, ref: string, name = 'sprint'): Promise<Stored[]> {
  const rows = await git(repo, ['ls-tree', '-r', '-l', '-z', ref, '--', 'sprints']);
  return rows.split('\0').flatMap((row) => {
    const [, type, blob = '', size, id, file] =
      /^\d+ (\w+) ([0-9a-f]+) +(\d+)\tsprints\/([^/]+)\/([^/]+)\.json$/.exec(row) ?? [];
    return type === 'blob' && id !== undefined && file === name ? [{ id, blob, size: Number(size) }] : [];
  });
}

/** The texts of records, by one process for several of them. */
async function textsOf(repo: string, records: readonly Stored[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const small = records.filter(({ size }) => size <= MAX_BYTES);
  for (let from = 0; from < small.length; ) {
    let [to, bytes] = [from, 0];
    while (to < small.length && (to === from || bytes < MAX_BYTES)) bytes += small[to++]?.size ?? 0;
    for (const [blob, text] of await readBlobs(repo, small.slice(from, to))) texts.set(blob, text);
    from = to;
  }
  return texts;
}

/** `git cat-file --batch` prints `<id> blob <size>`, a line end, the text and a line end for each. */
async function readBlobs(repo: string, stored: readonly Stored[]): Promise<[string, string][]> {
  const heads = stored.map(({ blob, size }) => Buffer.byteLength(`${blob} blob ${size}\n`));
  const input = stored.map(({ blob }) => `${blob}\n`).join('');
  const output = Buffer.from(await git(repo, ['cat-file', '--batch'], {}, input));
  let at = 0;
  const texts = stored.map(({ blob, size }, i): [string, string] => {
    const start = at + (heads[i] ?? 0);
    at = start + size + 1;
    return [blob, output.toString('utf8', start, start + size)];
  });
  // The last line end is not in the output. Of another length: a text is not UTF-8, and moved those after it.
  if (at - 1 === output.length || stored.length === 1) return texts;
  const alone = await Promise.all(stored.map((one) => readBlobs(repo, [one])));
  return alone.flat();
}

function parsed<T>(schema: z.ZodType<T>, text: string | undefined): T | null {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data ?? null;
  } catch {
    return null;
  }
}
