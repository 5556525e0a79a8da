import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** With SHORT=1 these are left out: more of the same (every instant, every engine, every world), for a second Node within one run of CI. */
const SWEEPS = [
  ...['agent/recover.test.ts', 'agent/crash.test.ts', 'agent/cli/steering.test.ts'],
  ...['sae/trainer/engines.test.ts', 'bench/speed/**', 'engine/embedded/memory.test.ts'],
];

export default defineConfig({
  test: {
    include: ['{agent,bench,contract,engine,examples,host,replay,sae,test}/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(process.env.SHORT ? SWEEPS : [])],
    globalSetup: './test/own-tmp.ts',
    reporters: ['default', './test/skips.ts'],
    // Real processes, real training: generous, and still an end to a hang.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests start real children: on few cores more workers only make their timings worse.
    maxWorkers: Math.max(2, availableParallelism() - 2),
    pool: 'forks',
  },
});
