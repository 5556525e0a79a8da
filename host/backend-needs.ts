import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendNeeds } from '#contract/backend-needs';
import { UserError } from '#contract/errors';

const BACKENDS = fileURLToPath(new URL('../engine/backends', import.meta.url));
const FILE = /\.needs\.json$/;

let read: BackendNeeds | undefined;

/**
 * The needs of all backends of the engine inside the sandbox, taken together: it is not known beforehand
 * which backend a trainer opens. The declarations are read as data, so that no code of the engine is loaded.
 */
export function backendNeeds(): BackendNeeds {
  read ??= readNeeds(BACKENDS);
  return read;
}

/** The names of the engine's backends. */
export const backendsHere = (): string[] =>
  readdirSync(BACKENDS)
    .filter((name) => FILE.test(name))
    .map((name) => name.replace(FILE, ''))
    .sort();

/**
 * Reads the declarations in a folder and joins them.
 * @throws UserError that names the file and the field of an invalid declaration.
 */
export function readNeeds(folder: string): BackendNeeds {
  const all = readdirSync(folder)
    .filter((name) => FILE.test(name))
    .map((name) => needsIn(join(folder, name)));
  const union = (field: keyof BackendNeeds) => [...new Set(all.flatMap((needs) => needs[field]))];
  return { devices: union('devices'), variables: union('variables'), paths: union('paths') };
}

function needsIn(path: string): BackendNeeds {
  const parsed = BackendNeeds.safeParse(jsonIn(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${path}: ${issue?.path.join('.') || 'file'}: ${issue?.message}`);
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${path}: is no JSON (${(error as Error).message})`);
  }
}
