import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{agent,bench,contract,engine,examples,host,replay,sae,test}/**/*.test.ts'],
    globalSetup: './test/own-tmp.ts',
    reporters: ['default', './test/skips.ts'],
    // Real processes, real training: generous, and still an end to a hang.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make the timings of real children worse.
    maxWorkers: 2,
    pool: 'forks',
  },
});
