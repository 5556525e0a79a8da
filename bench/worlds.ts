import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import type { Profile } from '#contract/profile';
import { profileOf, readTask, taskFile } from '#contract/task';
import { homeOf } from '#host/worktree';
import { howToGet, locateReleased, verifyReleased } from './hub/released.ts';
import { buildWorld } from './world/build.ts';
import { BUILT_IN } from './world/built-in.ts';
import { configText, readConfig, SYNTH_16K, type WorldConfig } from './world/config.ts';
import { CONFIG_FILE, loadWorld, saveWorld } from './world/store.ts';
import type { World } from './world/world.ts';

const REPOSITORY = homeOf(join(import.meta.dirname, '..'));
/**
 * Cache of built worlds, by the hash of their config, and of the downloaded one. It holds the truth, so it
 * is hidden from the researcher.
 */
const CACHE = join(REPOSITORY, 'state', 'worlds');
/** Version of the builder; increased when the same config gives another world. */
const BUILDER = 3;

const NAMES = [...Object.keys(BUILT_IN), 'synth-16k'].join(', ');

/** Called at each step of a build that takes a while. */
export type BuildListener = (step: number, of: number) => void;

export interface NamedWorld {
  name: string;
  world: World;
}

export interface OpenedWorld extends NamedWorld {
  /** Where it lies in the released format. */
  folder: string;
}

/**
 * The world of a name (`small`, `synth-16k`), of a name with a seed of one's own (`synth-16k:seed=7`), of a
 * config (a path ending in .json) or of a folder in the released format. Built ones are cached. @throws
 * UserError when there is no such world or its files are wrong.
 */
export async function openWorld(name: string, onStep?: BuildListener): Promise<OpenedWorld> {
  const source = sourceOf(name);
  if (!('dir' in source)) return { name, ...(await buildCached(source.config, onStep)) };
  return { name, world: loadWorld(source.dir), folder: resolve(source.dir) };
}

/** The config of a world, without building or loading the rest. @throws UserError as `openWorld` */
export function worldConfig(name: string): WorldConfig {
  const source = sourceOf(name);
  return 'dir' in source ? readConfig(join(source.dir, CONFIG_FILE)) : source.config;
}

/** Begins the name of a folder of activations (docs/activations.md), of which no true features are known. */
const ACTIVATIONS = 'activations:';

/** The folder of a world `activations:<folder>`; null for any other world. */
export function activationsFolder(name: string): string | null {
  return name.startsWith(ACTIVATIONS) ? name.slice(ACTIVATIONS.length) : null;
}

/** In the folder of a secret part of a folder of activations: which rows are held out there. */
export const PART_FILE = 'part.json';

/** Whether a world's name is that of a folder of activations, or of a secret part of one. */
export const isRowsWorld = (name: string): boolean =>
  activationsFolder(name) !== null || existsSync(join(name, PART_FILE));

type Source = { dir: string } | { config: WorldConfig };

function sourceOf(name: string): Source {
  if (isRowsWorld(name))
    throw new UserError(
      `the world "${name}" has rows and no true features: it can be served, judged and inspected, and nothing else`,
    );
  if (Object.hasOwn(BUILT_IN, name)) return { config: BUILT_IN[name] };
  if (name === 'synth-16k') return { dir: releasedDir() };
  const seeded = /^([^:]+):seed=(.*)$/.exec(name);
  if (seeded) return { config: reseeded(seeded[1], seeded[2]) };
  if (name.endsWith('.json')) return { config: readConfig(name) };
  if (existsSync(name) && statSync(name).isDirectory()) return { dir: name };
  throw new UserError(
    `unknown world "${name}"; there are: ${NAMES}, each with a seed of your own too (small:seed=7), the path of a config (.json), a folder with a saved model`,
  );
}

/**
 * A world of the same kind from another seed: `synth-16k` then is built here, with 16k's config and
 * directions of its own.
 */
function reseeded(name: string, text: string): WorldConfig {
  const config = name === 'synth-16k' ? SYNTH_16K : Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : null;
  if (!config) throw new UserError(`unknown world "${name}" before ":seed="; there are: ${NAMES}`);
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw new UserError(`the seed of world "${name}:seed=${text}" must be a whole number, 0 or more`);
  }
  const correlation = config.correlation && { ...config.correlation, seed: null };
  return { ...config, seed, correlation };
}

/**
 * The profile of that name in TASK.md, and the world it names. Where there is no TASK.md, the profile is
 * null and `name` is the name of a world.
 */
export function profileWorld(name: string): { profile: Profile | null; world: string } {
  if (!existsSync(taskFile())) return { profile: null, world: name };
  const profile = profileOf(readTask(taskFile()), name);
  return { profile, world: profile.world };
}

function releasedDir(): string {
  const dir = locateReleased();
  if (!dir) throw new UserError(`the released model synth-16k is not here: ${howToGet()}`);
  // Checked on every load (0.1 s): no verdict names synth-16k unless it was measured on it.
  verifyReleased(dir);
  return dir;
}

async function buildCached(
  config: WorldConfig,
  onStep: BuildListener = () => {},
): Promise<Omit<OpenedWorld, 'name'>> {
  const key = createHash('sha256')
    .update(`${BUILDER}\n${configText(config)}`)
    .digest('hex')
    .slice(0, 32);
  const dir = join(CACHE, key);
  if (existsSync(dir)) return { world: loadWorld(dir), folder: dir };
  const of = config.orthogonalization?.num_steps ?? 0;
  const world = await buildWorld(config, (step) => onStep(step, of));
  const temporary = `${dir}.${process.pid}.tmp`;
  mkdirSync(CACHE, { recursive: true });
  saveWorld(temporary, world);
  try {
    renameSync(temporary, dir);
  } catch {
    // Another process built the same world meanwhile.
    rmSync(temporary, { recursive: true, force: true });
  }
  return { world, folder: dir };
}
