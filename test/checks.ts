// Checks that other packages make, each by the name of its script:
//   node --import ./host/start.mjs test/checks.ts lint
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parsed, program } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { root } from './import-graph.ts';

interface Check {
  what: string;
  /** What may follow the script's name, and what it is; absent: nothing. */
  takes?: [name: string, what: string];
  examples: string[];
  /** The programs to run, one after the other until one fails. */
  steps(args: string[]): string[][];
}

const BIOME = [process.execPath, join(root, 'node_modules/@biomejs/biome/bin/biome'), 'check'];
const OF_BIOME: Check['takes'] = ['arguments', 'options of Biome (npx biome check --help)'];

/** Folders with a tsconfig.json of their own, after that of all. */
const ROOMS = ['.', 'agent', 'agent/report/browser', 'contract', 'host', 'replay'];
const tsc = (room: string) => [
  ...[process.execPath, join(root, 'node_modules/typescript/bin/tsc')],
  ...['--noEmit', '-p', room],
];
const script = (name: string, ...args: string[]) => ['npm', 'run', '--silent', name, '--', ...args];

const CHECKS: Record<string, Check> = {
  lint: {
    what: 'Checks style and format of all files with Biome; writes nothing.',
    takes: OF_BIOME,
    examples: ['npm run lint', 'npm run lint -- --max-diagnostics 100'],
    steps: (args) => [[...BIOME, '.', ...args]],
  },
  format: {
    what: 'Formats all files with Biome, and mends of their style what can be mended safely.',
    takes: OF_BIOME,
    examples: ['npm run format', 'npm run format -- --unsafe'],
    steps: (args) => [[...BIOME, '--write', '.', ...args]],
  },
  types: {
    what: `Checks the types of all files, then by the stricter tsconfig.json of ${ROOMS.slice(1).join(', ')}. Ends at the first that fails.`,
    examples: ['npm run types'],
    steps: () => ROOMS.map(tsc),
  },
  check: {
    what: 'What has to hold before a commit: lint, types and unit tests. Ends at the first that fails.',
    takes: ['parts', 'of the paths of unit tests; all if none is named'],
    examples: ['npm run check', 'npm run check -- agent/report'],
    steps: (args) => [script('lint'), script('types'), script('test:unit', ...args)],
  },
};

await runMain(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const check = CHECKS[name];
  if (!check) throw new Error(`test/checks.ts knows ${Object.keys(CHECKS).join(', ')}, not "${name}"`);
  const command = program(`npm run ${name} --`, check.what);
  if (check.takes) command.argument(`[${check.takes[0]}...]`, check.takes[1]).allowUnknownOption();
  command.addHelpText('after', `\nExamples:\n${check.examples.map((line) => `  ${line}`).join('\n')}`);
  if (!parsed(command, ['node', name, ...args])) return 0;
  for (const [file = '', ...words] of check.steps(command.args)) {
    const { status } = spawnSync(file, words, { cwd: root, stdio: 'inherit' });
    if (status !== 0) return status ?? 1;
  }
  return 0;
});
