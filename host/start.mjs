// What every command of package.json begins with: a Node that is too old is told in one line, and TypeScript is read as it stands.
import { readFileSync } from 'node:fs';

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
await import('tsx');
