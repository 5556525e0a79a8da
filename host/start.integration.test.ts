import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Runs a TypeScript file through start.mjs, in a package whose `engines.node` is `engine`. */
function start(engine: string) {
  const folder = mkdtempSync(join(tmpdir(), 'start-'));
  mkdirSync(join(folder, 'host'));
  cpSync(here('./start.mjs'), join(folder, 'host/start.mjs'));
  symlinkSync(here('../node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', engines: { node: engine } }));
  writeFileSync(join(folder, 'a.ts'), 'const n: number = 7;\nconsole.log(n);\n');
  const argv = ['--import', './host/start.mjs', 'a.ts'];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const { node } = process.versions;
const [major = 0, minor = 0, patch = 0] = node.split('.').map(Number);

it.each([`>=${node}`, `>=${major}.${minor}`, `>=${major - 1}.99.99`, `>=${major}`])(
  'runs TypeScript where Node is %s',
  (engine) => {
    expect(start(engine)).toEqual({ status: 0, stdout: '7\n', stderr: '' });
  },
);

it.each([`>=${major}.${minor}.${patch + 1}`, `>=${major}.${minor + 1}.0`, `>=${major + 1}`])(
  'tells in one line that %s is needed',
  (engine) => {
    const { status, stdout, stderr } = start(engine);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(
      `error: Node ${engine.slice(2)} or newer is needed, and this is ${node}; install a newer one\n`,
    );
  },
);
