import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * The tests by what they need, told by the end of a file's name (CONTRIBUTING.md, "How to test"):
 *   x.test.ts              unit: this process alone
 *   x.integration.test.ts  with git, files, and processes that end soon
 *   x.e2e.test.ts          whole nights, whole commands as a user starts them, every engine
 * `npm test` runs the first two, `npm run test:all` and CI all. Those of a real Slurm (test/slurm/) are a
 * project of their own: they wait for daemons, not for this machine.
 */
const FOLDERS = '{agent,bench,contract,engine,examples,host,replay,sae,speed,test}/**/*';
/**
 * Where the researcher has worked, the tests that load code of the workspace run by themselves, in the
 * sandbox (test/run.ts).
 */
const WORKSPACE = ['sae/**', 'test/{engines,saelens}/**', 'test/own-profile.*'];
const parts: Record<string, string[]> = {
  workspace: [
    '{agent,bench,contract,engine,examples,host,replay,speed}/**',
    'test/!(engines|saelens)/**',
    'test/!(own-profile)*.ts',
  ],
  others: WORKSPACE,
};
const left = [...configDefaults.exclude, ...(parts[process.env.TESTS_OF ?? ''] ?? [])];
const upper = ['**/*.integration.test.ts', '**/*.e2e.test.ts'];

const common = {
  // The end of a hang, and of nothing else: a machine under load takes many times as long as a quiet one.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 60_000, interval: 20 } },
  pool: 'forks',
} as const;

/**
 * Files share a worker and the modules that it has loaded: a process and its imports for each file took a
 * third of the time. A module that keeps state is shared, too.
 */
const shared = { ...common, isolate: false } as const;

/** Several whole loops at a time, beside other stages of CI: there the longest takes a minute and a half. */
const nights = { testTimeout: 900_000, hookTimeout: 900_000 } as const;

const SLURM = 'test/slurm/**/*.e2e.test.ts';
/** Libraries that an engine has loaded stay in its process, with their threads, kernels and memory. */
const ENGINES = '{engine,speed}/**/*.e2e.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [`${FOLDERS}.test.ts`],
          exclude: [...left, ...upper],
          setupFiles: ['./test/environment.ts', './test/no-processes.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          include: [`${FOLDERS}.integration.test.ts`],
          exclude: left,
          setupFiles: './test/environment.ts',
        },
      },
      {
        test: {
          ...shared,
          name: 'end-to-end',
          include: [`${FOLDERS}.e2e.test.ts`],
          exclude: [...left, SLURM, ENGINES],
          setupFiles: './test/environment.ts',
          ...nights,
        },
      },
      {
        test: {
          ...common,
          ...nights,
          name: 'end-to-end-engines',
          include: [ENGINES],
          exclude: left,
        },
      },
      {
        test: {
          ...common,
          name: 'slurm',
          include: [SLURM],
          exclude: left,
          // A command of Slurm takes 18 s to say that its controller is away; a dead node is noticed after 20 s.
          testTimeout: 240_000,
          // A cluster that does not come free is made anew.
          hookTimeout: 300_000,
        },
      },
    ],
    // What child processes run is not in it: the figure is a lower bound.
    coverage: {
      enabled: Boolean(process.env.COVERAGE),
      include: [`${FOLDERS}.ts`],
      exclude: ['**/*.test.ts', '**/{fixtures,testing}/**', 'test/**'],
      reporter: ['text-summary'],
    },
    globalSetup: ['./test/touched.ts', './test/own-tmp.ts'],
    reporters: ['default', './test/skips.ts'],
    // All tests wait for processes a fifth of their time or more: a third worker keeps two cores busy.
    maxWorkers: Math.max(3, availableParallelism() - 2),
  },
});
