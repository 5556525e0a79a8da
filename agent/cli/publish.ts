// Publishes the key of a run branch's secret worlds, which ends confirming by it:
//   npm run publish-key
//   npm run publish-key -- run/2026-11-26
import { existsSync, renameSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { git } from '#host/git';
import { worktreeOf } from '#host/worktree';
import { committed, stateDir, taskPath } from '../common/paths.ts';
import { findKey, publishedDir } from '../confirm/key.ts';
import { publishedKeys } from '../confirm/published.ts';
import { pairsOfSprints } from '../confirm/store.ts';
import { commitFile } from '../git/commit-file.ts';
import { ASIS, openGit } from '../git/git.ts';
import { planRunBranch } from '../git/run-branch.ts';
import { lockHolder } from '../journal/lock.ts';
import { readStatus } from '../screen/status.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run publish-key --',
  'Publishes the key that the secret worlds of a run branch are drawn from: commits it to the branch, beside its hash, which stands there since the branch began. From then on anybody can draw the worlds and check the confirmed numbers, and no further gain is confirmed by this key: the next start on the branch makes a new one.',
)
  .argument('[branch]', 'the run branch (default: that of the last loop in this checkout)')
  .addHelpText('after', '\nExamples:\n  npm run publish-key\n  npm run publish-key -- run/2026-11-26');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  if (lockHolder(stateDir(repo))?.alive)
    throw new UserError(
      'a loop runs in this checkout, and it still needs the key; stop it first: npm run stop',
    );
  const { many } = readTask(taskPath(repo)).contract.secret;
  const branch = command.args[0] ?? readStatus(repo).branch;
  if (branch === null) throw new UserError('no loop was started in this checkout; name the run branch');
  const found = findKey(repo, branch);
  if (!found)
    throw new UserError(`${branch} has no key of ${many} in this checkout, or it was published already`);
  const key = found.key.toString('hex');
  const text = await git(repo, ['show', `refs/heads/${branch}:${committed.secretWorlds}`]).catch(() => '[]');
  const keys = publishedKeys(text).filter(({ hash }) => hash !== found.hash);
  const entry = {
    ...{ hash: found.hash, madeAt: found.madeAt, key, publishedAt: new Date().toISOString() },
    pairs: pairsOfSprints(found.folder),
  };
  // It refuses a branch that is checked out elsewhere: a commit would move it there too.
  await planRunBranch(await openGit(repo), repo, {
    date: '',
    before: { branch, unfinished: true },
  });
  const content = `${JSON.stringify([...keys, entry], null, 2)}\n`;
  const commit = await commitFile(repo, branch, {
    path: committed.secretWorlds,
    content,
    subject: `Publish the key of the ${many}`,
    body: `Its SHA-256 is ${found.hash}.`,
  });
  await showInWorktree(repo, commit);
  renameSync(found.folder, publishedDir(repo, branch, found.hash));
  process.stdout.write(
    `key ${key}\nhash ${found.hash}\ncommitted to ${branch} as ${commit.slice(0, 9)}\n` +
      'its file has the pairs of each sprint; the reports show them from now on: npm run report\n' +
      'check a confirmed number: npm run reproduce -- <run> --key <key> --draw <draw of a pair>\n',
  );
  return 0;
});

/**
 * Moves the loop's worktree on to the commit, where it stands on the one before: reports are read from there.
 * Where that is not possible, the next start does it.
 */
async function showInWorktree(repo: string, commit: string): Promise<void> {
  const worktree = worktreeOf(repo);
  if (!existsSync(worktree)) return;
  const at = (name: string) => git(worktree, ['rev-parse', '--verify', '--quiet', name]).catch(() => '');
  if ((await at('HEAD')) !== (await at(`${commit}~1`))) return;
  const own = await openGit(worktree);
  await own.raw([...ASIS, 'switch', '--quiet', '--detach', commit]).catch(() => '');
}
