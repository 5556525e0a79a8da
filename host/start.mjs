// Every command of package.json begins with this file. It reports a Node that is too old, or an address space
// that is too small, in one line.
//   node host/start.mjs agent/cli/status.ts              starts the command, in its built form (built/own.mjs)
//   node --import ./host/start.mjs agent/cli/status.ts   lets Node run TypeScript files directly
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const needed = engines.node.replace(/^\D+/, '');
const numbers = (version) => version.split('.').map(Number);
const [have, want] = [numbers(process.versions.node), numbers(needed)];
const differs = want.findIndex((number, i) => number !== have[i]);
if (differs !== -1 && have[differs] < want[differs]) {
  process.stderr.write(
    `error: Node ${needed} or newer is needed, and this is ${process.versions.node}; install a newer one\n`,
  );
  process.exit(2);
}
/**
 * In bytes. Each memory of WebAssembly reserves some 10 GB of addresses, of which it uses little; the judge
 * holds the most memories.
 */
const ADDRESS_SPACE = 80e9;
const limit = Number(/^Max address space\s+(\d+)/m.exec(limits())?.[1] ?? Number.POSITIVE_INFINITY);
if (limit < ADDRESS_SPACE) {
  const [has, needs] = [limit, ADDRESS_SPACE].map((bytes) => `${Math.floor(bytes / 1e9)} GB`);
  process.stderr.write(
    `error: the address space is limited to ${has}, and WebAssembly reserves up to ${needs} (it uses little of that); remove the limit: ulimit -v unlimited\n`,
  );
  process.exit(2);
}
if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.length > 2) {
  process.argv.splice(1, 2, resolve(process.argv[2]));
  const [, program] = process.argv;
  const { built } = await import('./built/own.mjs');
  const address = await built(program);
  if (address === null) await import('tsx');
  else process.setSourceMapsEnabled(true);
  await import(address ?? pathToFileURL(program).href);
} else await import('tsx');

function limits() {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
