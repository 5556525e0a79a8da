import { build } from 'esbuild';
import { z } from 'zod';
import type { Settings } from '#contract/run';
import { collect, startChild } from '#host/child';
import { cleanEnv } from '#host/env';
import { ownFiles, tsconfigRaw } from './own-files.ts';

/** An experiment in a profile, and what is set against it. */
export interface Ask {
  experiment: string;
  profile: string;
  /** The profile's settings in TASK.md. */
  profileSettings?: Record<string, unknown>;
  settings: Settings;
}

/** What the workspace says of an experiment: its architecture, and its settings in a profile. */
const Value = z.object({ architecture: z.string(), profile: z.json(), settings: z.json() });
type Value = z.infer<typeof Value>;

const SECONDS = 20;

/**
 * The values of experiments, from the files that define them. Their code runs for it, by `node`: the words
 * that start Node in the sandbox. Null for an experiment that is not there, or that its profile does not fit.
 * @throws Error where the code does not run
 */
export async function valuesOf(
  { repo, treeDir, node }: { repo: string; treeDir: string; node: readonly string[] },
  files: readonly string[],
  asks: readonly Ask[],
): Promise<(Value | null)[]> {
  const { outputFiles } = await build({
    stdin: { contents: program(files, asks), resolveDir: treeDir, loader: 'ts' },
    absWorkingDir: treeDir,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
    tsconfigRaw,
    plugins: [ownFiles({ repo, treeDir })],
  });
  const child = startChild({
    argv: [...node, '--input-type=module', '-'],
    cwd: treeDir,
    env: cleanEnv(),
    stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
    timeoutSeconds: SECONDS,
  });
  child.stdin?.end(outputFiles[0].text);
  const [stdout] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => collect(stream as NonNullable<typeof stream>, child.done)),
  );
  if ((await child.done).code !== 0) throw new Error('the experiments do not load');
  return z.array(Value.nullable()).parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

/** For an architecture without k, `k` is the L0 that the experiment makes its settings for. */
const program = (files: readonly string[], asks: readonly Ask[]) => `
import { widthProfile } from './sae/profiles.ts';
${files.map((file, i) => `import * as file${i} from './${file}';`).join('\n')}
const all = [${files.map((_, i) => `file${i}`).join(', ')}].flatMap(({ experiments }) => experiments ?? []);
const aim = (text) => {
  const [, over, under] = /^(\\d+)\\/(\\d+)$/.exec(text ?? '') ?? [];
  return over ? Number(over) / Number(under) : Number(text);
};
const exact = (_, value) =>
  typeof value === 'function' || (typeof value === 'number' && !Number.isFinite(value)) ? String(value) : value;
const answers = ${JSON.stringify(asks)}.map((ask) => {
  const found = all.filter(({ name }) => name === ask.experiment);
  if (found.length !== 1) return null;
  try {
    const [{ architecture, settings = {} }] = found;
    const profile = widthProfile(ask.profile, ask.profileSettings);
    const k = aim(ask.settings.k);
    const profiles = k > 0 ? [profile, { ...profile, k }] : [profile];
    const made = profiles.map((each) => (typeof settings === 'function' ? settings(each) : settings));
    return { architecture, profile, settings: made };
  } catch {
    return null;
  }
});
process.stdout.write('\\n' + JSON.stringify(answers, exact) + '\\n');
`;
