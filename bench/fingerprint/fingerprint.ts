import { existsSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '#contract/errors';
import { Kept } from './kept.ts';
import { known } from './known.ts';
import { Modules, reduced } from './modules.ts';
import { digestOfAll, FOLDERS, packageOf, packagesOf, sha256, versionOf } from './read.ts';
import { isPlain, unseenIn } from './unseen.ts';
import { type Ask, valuesOf } from './values.ts';

/** The digest of all code and values that a run depends on; or why it cannot be told, in words. */
export type Answer = { fingerprint: string } | { unseen: string };

interface Where {
  /** The repository: engine, formats, the data service and the judge. */
  repo: string;
  /** The folder that holds the workspace alone. */
  treeDir: string;
  /** Words that start Node in the sandbox. */
  node: readonly string[];
  /** Where answers are kept, out of reach of the workspace's code; unset: nowhere. */
  kept?: string;
}

/** What every run of the workspace is trained and judged by. */
const ENTRIES = ['sae/cli/train.ts', 'sae/cli/encode.ts'];
const SERVICES = ['bench/cli/serve.ts', 'bench/cli/judge.ts'];
/** Its importers choose what a run loads by name. */
const LOADER = 'sae/load.ts';

/**
 * Tells for each experiment what its runs depend on: the modules that the trainer and the encoder load with
 * its architecture, its settings, the engine, the data service and the judge. The code is read and not run,
 * except the files of experiments, in the sandbox. What was told before about the same files is kept.
 */
export async function fingerprints(where: Where, asks: readonly Ask[]): Promise<Answer[]> {
  const kept = where.kept === undefined ? null : new Kept(where.kept);
  const files = kept && digestOfAll(where);
  const keys = asks.map((ask) => (files === null ? null : sha256(JSON.stringify([files, ask]))));
  const before = keys.map((key) => (key === null ? null : (kept?.get(key) ?? null)));
  const left = asks.filter((_, i) => before[i] === null);
  const { answers, closed } = await lookUp(where, left);
  // Whatever changed meanwhile may be in these answers, or not.
  const keeps = kept && closed && files === digestOfAll(where);
  return asks.map((_, i) => {
    const [known, key] = [before[i], keys[i]];
    if (known !== null) return { fingerprint: known };
    const answer = answers.shift() as Answer;
    if (keeps && key !== null && 'fingerprint' in answer) kept.put(key, answer.fingerprint);
    return answer;
  });
}

interface Told {
  answers: Answer[];
  /** Whether `digestOfAll` is of all files and packages that were looked at. */
  closed: boolean;
}

async function lookUp(where: Where, asks: readonly Ask[]): Promise<Told> {
  if (asks.length === 0) return { answers: [], closed: true };
  const all = (why: string): Told => ({ answers: asks.map(() => ({ unseen: why })), closed: false });
  try {
    const told = await readTree(where, asks);
    return typeof told === 'string' ? all(told) : told;
  } catch (error) {
    if (error instanceof UserError) return all(error.message);
    return all((error as Error).message.split('\n')[0]);
  }
}

async function readTree(where: Where, asks: readonly Ask[]): Promise<Told | string> {
  const { repo, treeDir } = where;
  const [architectures, addons, experiments] = ['architectures', 'addons', 'experiments'].map((folder) =>
    filesOf(treeDir, `sae/${folder}`),
  );
  const services = SERVICES.map((path) => join(repo, path));
  const entries = [...ENTRIES, ...addons, ...architectures, ...experiments].map((path) => `./${path}`);
  const modules = await Modules.of(where, [...entries, ...services]);
  const common = modules.reach([...ENTRIES, ...addons]);
  const service = [...modules.reach(SERVICES)].filter((name) => /^(bench|engine)\//.test(name));
  const shared = [...new Set([...[...common].filter((name) => !inWorkspace(name)), ...service])];
  const own = [...modules.reach([...ENTRIES, ...addons, ...architectures])].filter(inWorkspace);
  const defining = [...modules.reach(experiments)];
  const names = [...new Set([...own, ...defining.filter(inWorkspace), ...shared, ...besides(repo, shared)])];
  const code = new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, string]> => {
        return [name, await reduced(join(inWorkspace(name) ? treeDir : repo, name))];
      }),
    ),
  );
  const textOf = (name: string) => code.get(name) as string;
  for (const name of own) {
    const why = known[name] === sha256(textOf(name)) ? null : unseenIn(textOf(name));
    if (why !== null) return `${name} ${why}`;
  }
  const [loading] = modules.importersOf(LOADER, new Set(own.filter((name) => !name.startsWith('sae/cli/'))));
  if (loading) return `${loading} imports ${LOADER}`;
  const plain = (name: string) => (inWorkspace(name) ? isPlain(textOf(name)) : name.startsWith('contract/'));
  const odd = defining.find((name) => !plain(name));
  if (odd) return `${odd} does more than name experiments`;
  const [foreign] = modules
    .packagesOf(new Set(defining.filter(inWorkspace)))
    .filter((name) => name !== 'zod');
  if (foreign) return `sae/experiments/ uses ${foreign}`;
  const values = await valuesOf(where, experiments, asks);
  const digests = (of: Iterable<string>) => [...of].sort().map((name) => [name, sha256(textOf(name))]);
  const outside = digests([...shared, ...besides(repo, shared)]);
  const cache = new Map<string, string>();
  const codeOf = (architecture: string) => {
    const loaded = modules.reach([...ENTRIES, ...addons, `sae/architectures/${architecture}.ts`]);
    const packages = modules
      .packagesOf(new Set([...loaded, ...service]))
      .map((name) => versionOf(repo, name));
    return sha256(JSON.stringify([digests([...loaded].filter(inWorkspace)), outside, packages]));
  };
  const answers = asks.map(({ experiment, settings }, i): Answer => {
    const value = values[i];
    if (value === null) return { unseen: `${experiment} has no settings in its profile` };
    const { architecture } = value;
    if (!architectures.includes(`sae/architectures/${architecture}.ts`))
      return { unseen: `${experiment} has no architecture` };
    if (!cache.has(architecture)) cache.set(architecture, codeOf(architecture));
    const set = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
    return { fingerprint: sha256(JSON.stringify([cache.get(architecture), value, set])) };
  });
  return { answers, closed: isClosed(where, modules) };
}

function isClosed({ repo, treeDir }: Where, modules: Modules): boolean {
  const roots = [treeDir, ...FOLDERS.map((folder) => join(repo, folder))].map((root) => join(root, '/'));
  const named = new Set(packagesOf(repo));
  return (
    modules.paths().every((path) => roots.some((root) => path.startsWith(root))) &&
    modules.packages().every((name) => isBuiltin(name) || named.has(packageOf(name)))
  );
}

const inWorkspace = (name: string) => name.startsWith('sae/');

/** The modules that the workspace's loader finds in a folder. */
function filesOf(treeDir: string, folder: string): string[] {
  if (!existsSync(join(treeDir, folder))) return [];
  return readdirSync(join(treeDir, folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('_'))
    .map((file) => `${folder}/${file}`)
    .sort();
}

/** Kernels, threads and tables that lie beside modules of ours, which find them by their names. */
function besides(repo: string, modules: readonly string[]): string[] {
  const folders = [...new Set(modules.map((name) => dirname(name)))].filter((path) =>
    existsSync(join(repo, path)),
  );
  return folders.flatMap((folder) =>
    readdirSync(join(repo, folder))
      .filter((file) => /\.(mjs|js|wasm|json|bin)$/.test(file))
      .map((file) => join(folder, file)),
  );
}
