import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { Checked, InFull, PublishedKeys } from '#contract/confirmed';
import { UserError } from '#contract/errors';
import { DEFAULT_BATCH } from '#contract/profile';
import { Sprint } from '#contract/sprint';
import { guardsOf, profileOf, type Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { committed, inSprint } from '../common/paths.ts';
import { withCheck } from './checked.ts';

/**
 * Reads all closed sprints of a folder (`<sprintsDir>/<id>/sprint.json`), in the order of their verdicts. A
 * folder without sprint.json is a sprint that is still open or was cut off by a crash, and is left out; so
 * are the folders `open`, whose records may have been written by anyone.
 * @throws UserError that names the unreadable file and field.
 */
export function readSprints(sprintsDir: string, open: readonly string[] = []): Sprint[] {
  if (!existsSync(sprintsDir)) return [];
  const sprints = readdirSync(sprintsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !open.includes(entry.name))
    .map((entry) => inSprint(join(sprintsDir, entry.name)).record)
    .filter((path) => existsSync(path))
    .map(readSprint);
  return inOrder(sprints);
}

/** In the order of their verdicts: of sprints that were open side by side, the later one may end first. */
const inOrder = (sprints: readonly Sprint[]): Sprint[] =>
  [...sprints].sort(
    (a, b) =>
      Date.parse(a.closedAt) - Date.parse(b.closedAt) || a.number - b.number || (a.id < b.id ? -1 : 1),
  );

/**
 * Reads one `sprint.json`.
 * @throws UserError when it is missing, not JSON, or not a sprint.
 */
export function readSprint(path: string): Sprint {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${(error as Error).message}); restore it from git`);
  }
  const parsed = Sprint.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(
      `${path}: ${issue?.path.join('.') || 'file'}: ${issue?.message}; restore the file from git`,
    );
  }
  const { inFull, checked } = inSprint(dirname(path));
  const whole = beside(InFull, inFull);
  const sprint = withCheck(parsed.data, beside(Checked, checked));
  return { ...withPairs(sprint, dirname(dirname(path))), ...(whole && { inFull: whole }) };
}

/**
 * A sprint with the pairs that were published with the key of its secret worlds. The file decides nothing,
 * and a crash may have torn it: what cannot be read is as if it was not there.
 */
function withPairs(sprint: Sprint, sprintsDir: string): Sprint {
  const { confirmed } = sprint;
  const path = join(sprintsDir, basename(committed.secretWorlds));
  if (!confirmed || confirmed.pairs.length > 0 || !existsSync(path)) return sprint;
  const keys = PublishedKeys.safeParse(jsonIn(path));
  const pairs = keys.data?.find(({ hash }) => hash === confirmed.key)?.pairs?.[sprint.id];
  return pairs ? { ...sprint, confirmed: { ...confirmed, pairs } } : sprint;
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** What was measured after the close, in a file beside the record; null without one. @throws UserError */
function beside<T>(schema: z.ZodType<T>, path: string): T | null {
  if (!existsSync(path)) return null;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UserError(`${path}: cannot be read; restore the file from git`);
  }
}

/**
 * Whether a world is a path: it has a slash or ends in `.json`. Other worlds are names that the task
 * defines.
 */
export const isPath = (world: string): boolean =>
  /^[\w./-]+$/.test(world) && !world.startsWith('/') && (world.includes('/') || world.endsWith('.json'));

/**
 * The name of the leaderboard of a profile: `<profile>-<digest>`. The digest covers what makes two numbers
 * comparable (metric, goal, gains, guards, world, constraints, full budget, batch, judge's sample, the
 * profile's own settings), and nothing that is only shown. A world in a file of the repository counts by its
 * content: an edited file is another world.
 */
export function leaderboardId(task: Task, profileName: string): string {
  const { metric, goal, gains } = task.contract;
  const profile = profileOf(task, profileName);
  const { world, constraints, budgets, normalisation, evaluation, settings, batch } = profile;
  const guards = guardsOf(task, profile);
  const rules = [metric, goal, sorted(guards), world, sorted(constraints), budgets.full, normalisation];
  const content = worldContent(dirname(task.path), world);
  const digest = createHash('sha256').update(
    JSON.stringify([
      ...[...rules, evaluation.verdict],
      ...(content === null ? [] : [content]),
      ...(settings === undefined ? [] : [{ settings: sorted(settings) }]),
      ...(batch === DEFAULT_BATCH ? [] : [{ batch }]),
      ...(gains.length === 0 ? [] : [{ gains: [...gains].sort() }]),
    ]),
  );
  return `${profileName}-${digest.digest('hex').slice(0, 8)}`;
}

/** A digest of the world's file; null for a world that is no file. */
export function worldContent(repo: string, world: string): string | null {
  const path = join(repo, world);
  if (!isPath(world) || !statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

const sorted = (record: Record<string, unknown>) =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** The present best of a leaderboard: its latest sprint that ended as `new-best`. */
export function bestOf(sprints: readonly Sprint[], leaderboard: string): Sprint | undefined {
  return sprints.findLast((s) => s.leaderboard === leaderboard && s.outcome === 'new-best');
}

/** The verdicts of all bests that a leaderboard has had, the present one last. */
export const bestVerdicts = (sprints: readonly Sprint[], leaderboard: string): Verdict[] =>
  sprints
    .filter((s) => s.leaderboard === leaderboard && s.outcome === 'new-best')
    .flatMap((s) => s.verdict ?? []);

/** The closed sprints of a checkout: read from disk once, then extended by each sprint that is closed. */
export class Ledger {
  #sprints: readonly Sprint[];

  /**
   * `open`: the ids of the sprints that are still open.
   * @throws UserError as readSprints does.
   */
  constructor(
    readonly folder: string,
    open: readonly string[] = [],
  ) {
    this.#sprints = readSprints(folder, open);
  }

  /** All closed sprints, in the order of their verdicts. */
  get sprints(): readonly Sprint[] {
    return this.#sprints;
  }

  /** The sprints of one leaderboard, whose numbers can be compared. */
  of(leaderboard: string): readonly Sprint[] {
    return this.#sprints.filter((sprint) => sprint.leaderboard === leaderboard);
  }

  /** Adds a sprint that was closed, or replaces one that was closed again. */
  add(sprint: Sprint): void {
    this.#sprints = inOrder([...this.#sprints.filter(({ id }) => id !== sprint.id), sprint]);
  }

  /**
   * Reads the folder again: between two sprints a user may have changed the files.
   * @throws UserError as readSprints does.
   */
  reread(open: readonly string[] = []): void {
    this.#sprints = readSprints(this.folder, open);
  }
}
