import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import type { Profile } from '#contract/profile';
import { profileOf, readTask, taskFile } from '#contract/task';
import type { TaskContract } from '#contract/task-contract';
import type { SandboxChoice } from '#host/by-hand';
import { splitCommand } from '#host/command';
import { isWork, linkedFiles } from '#host/links';
import { readsOf } from '#host/reads';
import { checkoutTree } from '#host/tree';
import type { Seed } from '../random.ts';
import type { BuildListener } from '../worlds.ts';
import type { Question } from './ahead.ts';
import { withCheckpoints } from './checkpoints.ts';
import { type EncoderCommand, EncoderError } from './encoder.ts';
import { openRunFolder, type RunFolder } from './run-folder.ts';

export interface CaseOptions {
  treeDir?: string;
  world?: string;
  /** What the fresh rows are drawn from. */
  seed: Seed;
  stallSeconds: number;
  /** The sandbox where the judge is started by hand; under the loop, the loop's choice applies. */
  sandbox?: SandboxChoice;
  /** Called when the encoders of a checkpoint have started. */
  onReady?: () => void;
  /** Waited for when a checkpoint is measured. */
  question?: Question;
  /** Called while a checkpoint is measured with the rows that were counted. */
  onRows?: (done: number, of: number) => void;
  /** Called with why snapshots are measured each by a process of its own. */
  onApart?: (why: Error) => void;
  /** Whether a verdict with these numbers may be a new best; unset: every one may. */
  mayBeBest?: (metrics: Record<string, number>) => boolean;
  /** Makes the listener that is called with the steps of building a world. */
  onBuild?: (world: string) => BuildListener;
}

/** What starts the encoder of a checkpoint, without how it is confined. */
export type Encoding = Omit<EncoderCommand, 'sandbox' | 'stallSeconds'>;

/** What is judged, before anything is known of its world: a run, or an SAE that SAELens saved. */
export interface Subject {
  name: string;
  profile: Profile;
  /** What decides, and which way. */
  task: Pick<TaskContract, 'metric' | 'goal'>;
  /** The name of the world to measure it in. */
  world: string;
  /** Null for an SAE that is no run. */
  folder: RunFolder | null;
  /**
   * Does `measuring` with the encoder of files: a checkpoint, or snapshots of the same run below its `out/`.
   */
  encoded<T>(files: readonly string[], measuring: (encoding: Encoding) => Promise<T>): Promise<T>;
}

/** A run. TASK.md is read from the working directory, which is the repository. @throws UserError */
export function openRun(path: string, options: CaseOptions): Subject & { folder: RunFolder } {
  const folder = openRunFolder(path);
  const task = readTask(taskFile());
  const profile = profileOf(task, folder.run.profile);
  const argv = splitCommand(task.contract.encode);
  if (folder.run.secretWorld !== undefined && options.world === undefined)
    throw new UserError(`${path}: was trained on a secret world; name its folder with --world`);
  return {
    ...{ name: folder.run.id, profile, task: task.contract, world: options.world ?? profile.world, folder },
    encoded: (files, measuring) =>
      withCheckpoints(folder, files, async ([checkpoint, ...also]) => {
        const cwd = options.treeDir
          ? resolve(options.treeDir)
          : await checkoutTree({ repo: process.cwd(), tree: folder.run.tree });
        const log = join(folder.dir, 'judge.log');
        const readable = readsOf(task, process.cwd(), cwd);
        return measuring({ argv, cwd, checkpoint, also, log, readable });
      }),
  };
}

/**
 * An SAE that SAELens saved (cfg.json, sae_weights.safetensors), to be measured like a run of that profile.
 * The workspace's encoder reads the folder and reports what is wrong with it. Folders full of links, as in a
 * hub's cache, are read as well.
 * @throws UserError for bad files
 */
function openSavedSae(path: string, options: CaseOptions & { profile: string }): Subject {
  const sae = realpathSync(path);
  if (!holds(sae, 'sae_weights.safetensors')) {
    throw new UserError(`${sae}: there is no sae_weights.safetensors beside cfg.json; SAELens saves both`);
  }
  const task = readTask(taskFile());
  const profile = profileOf(task, options.profile);
  return {
    ...{
      name: basename(resolve(path)),
      profile,
      task: task.contract,
      world: options.world ?? profile.world,
      folder: null,
    },
    async encoded(_, measuring) {
      const logs = mkdtempSync(join(tmpdir(), 'judge-'));
      const cwd = resolve(options.treeDir ?? '.');
      // A trainer may have saved such a folder, with links to files that are hidden from it.
      const links = linkedFiles(sae, { hubOnly: isWork(sae, process.cwd()) });
      const encoding = {
        argv: splitCommand(task.contract.encode),
        cwd,
        checkpoint: sae,
        readable: [...readsOf(task, process.cwd(), cwd), ...links],
        mayNormalise: true,
        log: join(logs, 'judge.log'),
      };
      try {
        const measured = await measuring(encoding);
        rmSync(logs, { recursive: true });
        return measured;
      } catch (error) {
        // Only a bad input is reported in the encoder's own words; other messages name the log, which is
        // kept.
        if (!(error instanceof EncoderError) || error.exitCode !== 2 || !error.said) throw error;
        rmSync(logs, { recursive: true });
        throw new UserError(error.said);
      }
    },
  };
}

/**
 * The profile to measure a folder with: `asked`, the user's `--profile`, for an SAE that SAELens saved;
 * null for a run, which has its own profile.
 * @throws UserError where `asked` does not fit the folder
 */
export function profileOfSaved(path: string, asked: string | undefined): string | null {
  const saved = holds(path, 'cfg.json') && !existsSync(join(path, 'run.json'));
  if (saved && asked === undefined) {
    throw new UserError(
      `${path}: is an SAE that SAELens saved; give the profile to measure it in with --profile`,
    );
  }
  if (!saved && asked !== undefined) {
    throw new UserError(
      `${path}: has no cfg.json, so it is not an SAE that SAELens saved; --profile is only for these (a run is measured in its own profile)`,
    );
  }
  return asked ?? null;
}

/** Whether a folder lists a name. A broken link counts: the encoder reports it as one. */
const holds = (path: string, name: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && readdirSync(path).includes(name);

/** A run, or with a profile an SAE that SAELens saved. @throws UserError */
export function openSubject(path: string, options: CaseOptions & { profile?: string }): Subject {
  const profile = profileOfSaved(path, options.profile);
  return profile === null ? openRun(path, options) : openSavedSae(path, { ...options, profile });
}
