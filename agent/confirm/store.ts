import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';
import { Pair } from '#contract/confirmed';
import { UserError } from '#contract/errors';
import { RunSpec } from '#contract/run';
import type { Task } from '#contract/task';
import { plain } from '#contract/text';
import { removeLeft } from '#host/remove-left';
import { appendLine, bytesOf, wholeLines } from '../common/lines.ts';
import type { Executor, SecretWorld } from '../executor/executor.ts';
import { drawSecretWorld } from '../executor/secret-world.ts';
import { sameRun } from '../ledger/repeat.ts';
import { endRun } from './end-run.ts';
import type { BranchKey } from './key.ts';

const Numbers = z.record(z.string(), z.number());

/** A run on a secret world: what the judge measured, or how the run ended where it came to no result. */
const Line = z.object({
  draw: z.number().int(),
  world: z.string(),
  leaderboard: z.string(),
  rows: z.number().int(),
  spec: RunSpec,
  /** As what it was measured: absent in the files of earlier versions, where it counts as the first. */
  as: z.enum(['candidate', 'best']).optional(),
  /** The run of the candidate for which a best was trained again on a world that it is known on. */
  again: z.string().optional(),
  result: z.union([
    z.object({ metrics: Numbers, observed: Numbers, declared: Numbers }),
    z.object({ failed: z.string() }),
  ]),
});
export type OnSecretWorld = z.infer<typeof Line>;

/** The worlds of a confirming, in the order of its pairs. */
const Plan = z.object({
  run: z.string(),
  best: z.string().nullable(),
  order: z.array(z.number().int()),
  /** Where it is no confirming, but measures the last best of a night again. */
  again: z.literal(true).optional(),
});
export type Plan = z.infer<typeof Plan>;

/** The pairs by which a sprint was decided: they are published with the key. */
const Decided = z.object({ sprint: z.string(), pairs: z.array(Pair) });
type Decided = z.infer<typeof Decided>;

/** What is kept of a world that was drawn. */
const Drawn = z.object({ hash: z.string() });

/** @throws UserError */
function parsed<T>(schema: z.ZodType<T>, text: string, where: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new UserError(`${where}: cannot be read; remove it, and what it says is measured anew`);
  }
}

/** A secret world of the kind of a profile's. */
interface Wanted {
  task: Task;
  repo: string;
  profileName: string;
  leaderboard: string;
  draw: number;
}

/**
 * The pairs by which sprints were decided, in the folder of a key. After a crash a sprint may stand there
 * twice: its last line counts, and one that the crash cut is left out. @throws UserError
 */
export function pairsOfSprints(folder: string): Record<string, Decided['pairs']> {
  const path = join(folder, 'pairs.jsonl');
  const lines = wholeLines(path).map((line, at) => parsed(Decided, String(line), `${path}, line ${at + 1}`));
  return Object.fromEntries(lines.map(({ sprint, pairs }) => [sprint, pairs]));
}

/**
 * What a run branch has on its secret worlds: the worlds, which are drawn when they are needed or just
 * before, and what runs gave there. It lies in the folder of the key, which no sandbox shows, and outlives a
 * kill.
 */
export class SecretStore {
  readonly #lines: OnSecretWorld[];
  readonly #worlds = new Map<string, Promise<SecretWorld>>();
  /** How often a world was forgotten. */
  readonly #forgotten = new Map<string, number>();

  /** @throws UserError where a file of the folder cannot be read. */
  constructor(readonly of: BranchKey) {
    const path = this.#path('verdicts.jsonl');
    this.#lines = wholeLines(path).map((line, at) => parsed(Line, String(line), `${path}, line ${at + 1}`));
    // Now, and not first when a candidate is confirmed.
    void this.plan;
    // A line that a crash left half-written is cut off.
    for (const file of [path, this.#path('pairs.jsonl')])
      if (existsSync(file)) truncateSync(file, bytesOf(wholeLines(file)));
  }

  #path(name: string): string {
    return join(this.of.folder, name);
  }

  /**
   * Keeps why a run could not be measured, for a person alone: it may be in the words of the run's code,
   * which could say something of the world.
   */
  noteUnmeasured({ draw, as, why }: { draw: number; as: string; why: string }): void {
    const line = `${new Date().toISOString()} ${as} on world ${draw}: ${plain(why).slice(0, 1000)}\n`;
    try {
      appendFileSync(this.#path('unmeasured.log'), line, { mode: 0o600 });
    } catch {
      // What it gave counts without this line, too.
    }
  }

  /** What a run gave on a world; undefined where it was not made there. `again`: as in a line. */
  find(
    spec: RunSpec,
    like: Pick<OnSecretWorld, 'draw' | 'leaderboard' | 'rows' | 'again'>,
  ): OnSecretWorld | undefined {
    return this.#like(spec, like).find(({ draw, again }) => draw === like.draw && again === like.again);
  }

  /**
   * The worlds on which a run was measured as a candidate, in the order of their draws. What it gives there
   * later, as the best, may be what its code wants to give by then.
   */
  measured(spec: RunSpec, like: Pick<OnSecretWorld, 'leaderboard' | 'rows'>): number[] {
    const lines = this.#like(spec, like).filter(
      ({ result, as, again }) => 'metrics' in result && as !== 'best' && again === undefined,
    );
    return [...new Set(lines.map(({ draw }) => draw))].sort((a, b) => a - b);
  }

  /** What a run gave where it was trained again, each beside what it had given there as a candidate. */
  twice(spec: RunSpec, like: Pick<OnSecretWorld, 'leaderboard' | 'rows'>): [OnSecretWorld, OnSecretWorld][] {
    return this.#like(spec, like).flatMap((line): [OnSecretWorld, OnSecretWorld][] => {
      const before = line.again === undefined ? undefined : this.find(spec, { ...like, draw: line.draw });
      return before ? [[before, line]] : [];
    });
  }

  /** The seed of a world is its own, so that of the spec does not matter. */
  #like(spec: RunSpec, { leaderboard, rows }: Pick<OnSecretWorld, 'leaderboard' | 'rows'>) {
    return this.#lines.filter(
      (line) =>
        line.leaderboard === leaderboard &&
        line.rows === rows &&
        sameRun({ ...line.spec, seed: spec.seed }, spec),
    );
  }

  add(line: OnSecretWorld): void {
    this.#append('verdicts.jsonl', line);
    this.#lines.push(line);
  }

  /** Keeps the pairs that decided a sprint, until the key is published. */
  decided(of: Decided): void {
    this.#append('pairs.jsonl', of);
  }

  #append(name: string, line: OnSecretWorld | Decided): void {
    const file = openSync(this.#path(name), 'a');
    try {
      appendLine(file, JSON.stringify(line));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** The number of a world on which nothing was measured yet; the numbers after it are as fresh. */
  get fresh(): number {
    return 1 + Math.max(-1, ...this.#lines.map(({ draw }) => draw));
  }

  /**
   * The confirming under way, or the last one: after a kill it goes on with the same worlds.
   * @throws UserError
   */
  get plan(): Plan | null {
    const path = this.#path('plan.json');
    return existsSync(path) ? parsed(Plan, readFileSync(path, 'utf8'), path) : null;
  }

  set plan(plan: Plan) {
    writeJsonAtomic(this.#path('plan.json'), plan);
  }

  /** A world of a profile's kind, drawn once. @throws UserError where the task cannot draw it. */
  world(of: Wanted): Promise<SecretWorld> {
    const name = `${of.leaderboard}-${of.draw}`;
    const known = this.#worlds.get(name) ?? this.#draw(name, of);
    this.#worlds.set(name, known);
    known.catch(() => this.#worlds.delete(name));
    return known;
  }

  /**
   * Has a world drawn anew when it is needed next: the same world, by the same key, in another folder. The
   * other run of a pair may still read the one that is there.
   */
  forgetWorld(leaderboard: string, draw: number): void {
    const name = `${leaderboard}-${draw}`;
    this.#worlds.delete(name);
    this.#forgotten.set(name, (this.#forgotten.get(name) ?? 0) + 1);
  }

  async #draw(name: string, of: Wanted): Promise<SecretWorld> {
    const times = this.#forgotten.get(name);
    const above = this.#path(`worlds/${name}${times === undefined ? '' : `.${times}`}`);
    const record = (folder: string) => join(folder, 'hash.json');
    const folder = join(above, 'world');
    if (times === undefined && existsSync(record(above))) {
      const { hash } = parsed(Drawn, readFileSync(record(above), 'utf8'), record(above));
      return { folder, hash };
    }
    const unfinished = `${above}.tmp`;
    for (const path of [unfinished, above]) rmSync(path, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    const { hash } = await drawSecretWorld({ ...of, key: this.of.key, folder: join(unfinished, 'world') });
    writeJsonAtomic(record(unfinished), { hash });
    renameSync(unfinished, above);
    return { folder, hash };
  }

  /** The folder of a new run. It is removed when the run is judged. */
  runFolder(name: string): string {
    return this.#path(`runs/${name}`);
  }

  /** Ends and removes the runs that a killed loop left, with their git references, which name the seed. */
  async endLeft(executor: Executor, repo: string): Promise<void> {
    const runs = this.#path('runs');
    for (const name of existsSync(runs) ? readdirSync(runs) : [])
      await endRun(executor, repo, join(runs, name));
    removeLeft(runs);
  }
}
