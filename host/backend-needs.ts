import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendNeeds } from '#contract/backend-needs';
import { UserError } from '#contract/errors';

const BACKENDS = fileURLToPath(new URL('../engine/backends', import.meta.url));
const FILE = /\.needs\.json$/;

let read: BackendNeeds | undefined;

/**
 * What the backends of the engine need inside the sandbox, together: which of them a trainer opens is not
 * known before. Their declarations are read as data, so that nothing of the engine is loaded here.
 */
export function backendNeeds(): BackendNeeds {
  read ??= readNeeds(BACKENDS);
  return read;
}

/** @throws UserError that names the file and the field of a declaration that is not as it must be. */
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
