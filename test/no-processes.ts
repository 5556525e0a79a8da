import child_process from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Vitest's setup of each unit test: a test that starts a process fails, and the message says where it
 * belongs.
 */
const refuse = (program: unknown): never => {
  throw new Error(
    `a unit test starts no process (${String(program)}): name the file x.integration.test.ts, or hand the unit a fake`,
  );
};
Object.assign(child_process, {
  exec: refuse,
  execFile: refuse,
  execFileSync: refuse,
  execSync: refuse,
  fork: refuse,
  spawn: refuse,
  spawnSync: refuse,
});
syncBuiltinESMExports();
