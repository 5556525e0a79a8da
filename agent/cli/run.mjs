#!/usr/bin/env node
// Runs a command of this folder on the task in the current folder, from wherever this checkout lies:
//   cd my-task && node ~/checkout/agent/cli/run.mjs loop --max-sprints 3
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

const [name = ''] = process.argv.splice(2, 1);
const command = new URL(`./${name}.ts`, import.meta.url);
if (!/^[a-z]+$/.test(name) || !existsSync(fileURLToPath(command))) {
  process.stderr.write(
    'error: which command? loop, status, hint, stop, pause, resume, train, best or report\n',
  );
  process.exit(2);
}
register();
await import(command.href);
