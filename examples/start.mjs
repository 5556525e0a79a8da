// Runs an example of this folder offline, in a fresh folder and git repository of its own, as somebody with a
// task of their own would.
//   npm run example                                    five sprints of other-task, half a minute
//   npm run example -- --into ~/my-task --max-sprints 2
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// A reader that is gone or a full disk must not end this script.
process.stdout.on('error', () => {});

const flags = process.argv.slice(2);
if (flags.includes('--help') || flags.includes('-h')) {
  process.stdout.write(`Usage: npm run example -- [--into <folder>] [flags of npm run loop]

Copies examples/other-task into a new git repository and runs the loop there with its offline researcher.

Options:
  --into <folder>  the folder to make; it must not exist yet; default: a new one under ${tmpdir()}

Examples:
  npm run example
  npm run example -- --into ~/my-task --max-sprints 2
`);
  process.exit(0);
}
const at = flags.indexOf('--into');
const [, given] = at === -1 ? [] : flags.splice(at, 2);
if (at !== -1 && (given === undefined || existsSync(given))) {
  process.stderr.write('error: --into needs the name of a folder that does not exist yet\n');
  process.exit(2);
}
const folder = given ? resolve(given) : join(mkdtempSync(join(tmpdir(), 'example-')), 'other-task');
cpSync(fileURLToPath(new URL('./other-task', import.meta.url)), folder, { recursive: true });
// No key goes to git.
const { PATH, HOME } = process.env;
const git = (...args) => execFileSync('git', args, { cwd: folder, env: { PATH, HOME } });
git('init', '-q', '-b', 'main');
git('add', '-A');
git('-c', 'user.name=Example', '-c', 'user.email=example@localhost', 'commit', '-qm', 'A task of my own');

const run = fileURLToPath(new URL('../agent/cli/run.mjs', import.meta.url));
// Ctrl-C in a terminal reaches the loop as well, which ends in good order: this script waits for it.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
const loop = [run, 'loop', '--researcher', 'offline', ...flags];
const { status } = spawnSync(process.execPath, loop, { cwd: folder, stdio: 'inherit' });
// Flags that the loop refuses leave nothing behind.
if (status === 2) rmSync(folder, { recursive: true });
else process.stdout.write(`\nThe repository is ${folder}\n`);
process.exitCode = status ?? 1;
