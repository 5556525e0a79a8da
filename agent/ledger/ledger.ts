import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '#contract/errors';
import { Sprint } from '#contract/sprint';
import { DEFAULT_BATCH, guardsOf, profileOf, type Task } from '#contract/task';
import { inSprint } from '../common/paths.ts';

/**
 * All closed sprints of a folder (`<sprintsDir>/<id>/sprint.json`), by number. A folder without sprint.json
 * is a sprint that is still open, or was cut off, and is left out; so is the folder `open`, whose record may
 * be anybody's.
 * @throws UserError naming the file, and the field, that cannot be read.
 */
export function readSprints(sprintsDir: string, open: string | null = null): Sprint[] {
  if (!existsSync(sprintsDir)) return [];
  const sprints = readdirSync(sprintsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== open)
    .map((entry) => inSprint(join(sprintsDir, entry.name)).record)
    .filter((path) => existsSync(path))
    .map(readSprint);
  return inOrder(sprints);
}

const inOrder = (sprints: readonly Sprint[]): Sprint[] =>
  [...sprints].sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1));

/** One `sprint.json`. @throws UserError when it is missing, not JSON, or not a sprint. */
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
  return parsed.data;
}

/** Names of worlds are the task's own; a path has a slash or ends as a config does. */
export const isPath = (world: string): boolean =>
  /^[\w./-]+$/.test(world) && !world.startsWith('/') && (world.includes('/') || world.endsWith('.json'));

/**
 * The name of the leaderboard that a profile's numbers belong to: `<profile>-<digest>`. The digest covers
 * what makes two numbers comparable (metric, goal, guards, world, constraints, full budget, batch, judge's
 * sample, the profile's own settings), and nothing that is only shown. A world that is a file of the
 * repository counts by its content: edited, it is another world.
 */
export function leaderboardId(task: Task, profileName: string): string {
  const { metric, goal } = task.contract;
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
    ]),
  );
  return `${profileName}-${digest.digest('hex').slice(0, 8)}`;
}

/** A digest of a world's file; null for a world of another kind. */
function worldContent(repo: string, world: string): string | null {
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

/**
 * The closed sprints of a checkout as a loop knows them: read from disk once, and one more with each sprint
 * that is closed.
 */
export class Ledger {
  #sprints: readonly Sprint[];

  /** `open`: the id of a sprint that is open still. @throws UserError as readSprints does. */
  constructor(
    readonly folder: string,
    open: string | null = null,
  ) {
    this.#sprints = readSprints(folder, open);
  }

  /** By number. */
  get sprints(): readonly Sprint[] {
    return this.#sprints;
  }

  /** Those whose numbers can be compared. */
  of(leaderboard: string): readonly Sprint[] {
    return this.#sprints.filter((sprint) => sprint.leaderboard === leaderboard);
  }

  /** A sprint was closed, or closed once more. */
  add(sprint: Sprint): void {
    this.#sprints = inOrder([...this.#sprints.filter(({ id }) => id !== sprint.id), sprint]);
  }

  /** Between two sprints somebody may have changed the files. @throws UserError as above. */
  reread(): void {
    this.#sprints = readSprints(this.folder);
  }
}
