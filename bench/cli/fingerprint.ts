// What runs of the workspace depend on, as a digest for each of them:
//   echo '[{"experiment":"default","profile":"small","settings":{}}]' |
//     LOOP_NODE='["node"]' node --import tsx bench/cli/fingerprint.ts --tree-dir .
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { Settings } from '#contract/run';
import { homeOf } from '#host/worktree';
import { fingerprints } from '../fingerprint/fingerprint.ts';

const Asks = z.array(
  z.object({
    experiment: z.string(),
    profile: z.string(),
    profileSettings: z.record(z.string(), z.unknown()).optional(),
    settings: Settings,
  }),
);

const command = program(
  'fingerprint',
  'Reads experiments as JSON from standard input and prints for each a digest of all that its runs depend on: {"fingerprint"}, or {"unseen"}, why that cannot be told.',
).requiredOption('--tree-dir <folder>', 'the folder that holds the workspace alone');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { LOOP_NODE: words } = process.env;
  if (!words) throw new UserError('LOOP_NODE is not set: the words that start Node in the sandbox, as JSON');
  const node = z.array(z.string()).parse(JSON.parse(words));
  const asks = Asks.parse(JSON.parse(await text(process.stdin)));
  const treeDir = resolve(command.opts<{ treeDir: string }>().treeDir);
  const repo = process.cwd();
  // No sandbox shows `state/`.
  const kept = join(homeOf(repo), 'state', 'fingerprints');
  const answers = await fingerprints({ repo, treeDir, node, kept }, asks);
  process.stdout.write(`${JSON.stringify(answers)}\n`);
  return 0;
});
