import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { loadExperiments, loadSweeps } from '../load.ts';

const WORKSPACE = join(import.meta.dirname, '..');
const LONGEST = 40;

const command = program(
  'npm run new --',
  'Makes an architecture of your own from the template: its file, an experiment that names it, and a test. There is no list to edit.',
)
  .argument('<name>', 'small letters, digits and single dashes: my-own')
  .addHelpText(
    'after',
    `
Examples:
  npm run new -- my-own
The template is sae/architectures/_template.ts. An existing one is often a better start: copy its file over the new one.`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const [name] = command.args;
  const files = filesOf(name);
  await refuseTaken(name, Object.keys(files));
  write(files);
  const made = Object.keys(files).map((file) => `  sae/${file}`);
  process.stdout.write(`made
${made.join('\n')}
next
  npm run check:sae -- ${name}
  npm run test:unit -- sae/architectures/${name}.test.ts
  npm run train -- ${name}
`);
  return 0;
});

/** Writes all files or none: what a full disk left would be a name that is taken. */
function write(files: Record<string, string>): void {
  const begun: string[] = [];
  try {
    for (const [file, text] of Object.entries(files)) {
      const path = join(WORKSPACE, file);
      const fd = openSync(path, 'wx');
      begun.push(path);
      writeFileSync(fd, text);
      closeSync(fd);
    }
  } catch (error) {
    for (const path of begun) rmSync(path);
    throw error;
  }
}

/** @throws UserError for a name that is none, or that something in the workspace has */
async function refuseTaken(name: string, files: readonly string[]): Promise<void> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > LONGEST)
    throw new UserError(
      `"${name}" is no name for an architecture: at most ${LONGEST} small letters, digits and single dashes, the first a letter, as in my-own`,
    );
  const taken = files.find((file) => existsSync(join(WORKSPACE, file)));
  if (taken) throw new UserError(`sae/${taken} is there already; nothing was written`);
  const experiments = await loadExperiments();
  const sweeps = await loadSweeps(experiments);
  if (experiments.has(name) || sweeps.has(name))
    throw new UserError(
      `${experiments.has(name) ? 'an experiment' : 'a sweep'} is named "${name}" already; nothing was written`,
    );
}

/** The texts of the files, by their paths in the workspace. */
function filesOf(name: string): Record<string, string> {
  const template = (suffix: string) =>
    readFileSync(join(WORKSPACE, `architectures/_template${suffix}`), 'utf8');
  return {
    [`architectures/${name}.ts`]: template('.ts')
      .replace(/^\/\*\n \* A template[\s\S]*?\*\/\n\n/m, '')
      .replace("summary: 'Template: ", `summary: '${name}: `),
    [`experiments/${name}.ts`]: `import type { Experiment } from '../experiment.ts';

export const experiments: Experiment[] = [
  {
    name: '${name}',
    description: '${name}, steered to the L0',
    architecture: '${name}',
    // What differs from the defaults of architecture, trainer and profile. target_l0 steers the penalty to
    // the profile's L0 by \`multiplier\`, slowly: 2 is about what the small world needs. Take both out where
    // the encoder itself keeps k latents.
    settings: ({ k }) => ({ sparsity_coefficient: 2, target_l0: k }),
  },
];
`,
    [`architectures/${name}.test.ts`]: template('.test.ts').replaceAll('_template', name),
  };
}
