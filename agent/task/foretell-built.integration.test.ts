import { cpSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { exampleTask } from '../fixtures/examples.ts';
import { foretell } from './foretell.ts';

const checkout = join(import.meta.dirname, '../..');
const repo = realpathSync(mkdtempSync(join(tmpdir(), 'foretell-')));
const tried = await tryBubblewrap(repo);
if (!tried.ok) console.log(`SKIP agent/task/foretell-built: ${tried.why}`);

it.skipIf(!tried.ok)('asks the trainer of a tree in its built form', async () => {
  if (!tried.ok) return;
  const cwd = join(repo, 'state/trees/one');
  const program = join(cwd, 'work/cli/train.ts');
  mkdirSync(dirname(program), { recursive: true });
  // Its own name says how it was started.
  const say = `console.log(JSON.stringify([{ name: process['argv'][1].slice(-3), declares: {} }]));\n`;
  writeFileSync(program, say);
  writeFileSync(join(repo, 'package.json'), '{"type":"module"}');
  symlinkSync(realpathSync(join(checkout, 'node_modules')), join(repo, 'node_modules'));
  cpSync(cwd, join(repo, 'state/other'), { recursive: true });
  const task = exampleTask();
  Object.assign(task.contract, {
    ...{ workspace: 'work', train: 'node --import tsx work/cli/train.ts' },
    reads: ['package.json', 'node_modules'],
  });
  const asked = { task, repo, sandbox: tried.sandbox, profileName: 'tiny', samples: 1000 };
  expect(await foretell({ ...asked, cwd })).toEqual([{ name: '.js', declares: {} }]);
  expect(await foretell({ ...asked, cwd: join(repo, 'state/other') })).toEqual([
    { name: '.ts', declares: {} },
  ]);
});
