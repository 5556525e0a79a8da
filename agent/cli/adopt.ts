import { runMain, UserError } from '#contract/errors';
import { readTask, type Task } from '#contract/task';
import { joinCommand } from '#host/command';
import { committedTree } from '#host/tree';
import { sprintsDir, taskPath } from '../common/paths.ts';
import { count, plain } from '../common/words.ts';
import { bestKnown, openGit, uncommittedFiles } from '../git/git.ts';
import { type Putting, putWorkspace } from '../git/put-workspace.ts';
import { isRunBranch } from '../git/run-branch.ts';
import { bestOf, leaderboardId, readSprints } from '../ledger/ledger.ts';
import { diffTrees } from '../open-sprint/workspace.ts';
import { confirmedWords, trailerName } from '../sprint/commit.ts';
import { withBaselineFiles, withoutFiles } from '../start/baseline-files.ts';
import { refuseUnfinished } from '../start/git-trouble.ts';
import { numbersIn, type Origin, originOf } from '../start/origin.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run adopt --',
  'Puts the workspace of the best run on your branch, as one commit. Other files stay as they are.',
)
  .argument('[run]', 'id of a run, or a run branch (default: the best of the last loop)')
  .option('--profile <name>', 'profile whose best is taken (default: the first that has one)')
  .option('--replace', "take the run's workspace as it is, also where your branch has changed its own")
  .addHelpText(
    'after',
    `
Examples:
  npm run adopt
  npm run adopt -- 2026-02-19--10-37-12-wider-s0
  npm run adopt -- run/2026-02-19 --replace`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  const { profile, replace } = command.opts<{ profile?: string; replace?: boolean }>();
  const task = readTask(taskPath(repo));
  const { workspace: folder } = task.contract;
  const git = await openGit(repo);
  await refuseUnfinished(repo);
  const here = (await git.raw(['branch', '--show-current'])).trim();
  if (here === '')
    throw new UserError('no branch is checked out; switch to yours first: git switch <branch>');
  if (isRunBranch(here))
    throw new UserError(`${here} is a branch of the loop; switch to your own first: git switch <branch>`);
  const changed = await uncommittedFiles(git, folder);
  if (changed.length > 0)
    throw new UserError(
      `uncommitted changes in ${folder}/ (${changed.slice(0, 3).map(plain).join(', ')}${changed.length > 3 ? ', ...' : ''}); commit them, or put them aside: ${joinCommand(['git', 'stash', 'push', '-u', '--', folder])}`,
    );
  const origin = await originOf(repo, task, command.args[0] ?? bestRun(task, repo, profile));
  const began = origin.branch && (await bestKnown(git, origin.branch));
  const start = began ? [await committedTree({ repo, commit: began, folder })] : [];
  const before = await committedTree({ repo, commit: 'HEAD', folder });
  const { tree, kept } = await withBaselineFiles(repo, task, origin);
  // What an earlier adoption has left there is not the user's own change.
  const known = new Set([...origin.recorded, ...start]);
  if (known.has(await withoutFiles(repo, before, origin, kept))) known.add(before);
  const put = await putWorkspace(git, {
    ...{ repo, folder, tree, known },
    branch: replace ? null : origin.branch,
    message: (merged) => message(origin, task, { mergedOn: merged ? here : null, kept }),
  });
  if (put.kind === 'conflict') throw new UserError(conflict(put, origin, here, folder));
  if (put.kind === 'same') {
    process.stdout.write(`${here} has ${folder}/ of ${plain(origin.words)} already\n`);
    return 0;
  }
  const now = await committedTree({ repo, commit: put.commit, folder });
  const { files, insertions, deletions } = await diffTrees(repo, before, now);
  const numbers = numbersIn(origin, task);
  const isCheck = (file: string) =>
    task.contract.checkFiles.some((path) => file === path || file.startsWith(`${path}/`));
  const touched = files.filter(isCheck);
  const lines = [
    `${here}: commit ${put.commit.slice(0, 9)} has ${folder}/ of ${plain(origin.words)}: ${count(files.length, 'file')}, +${insertions} -${deletions}`,
    ...(numbers === '' ? [] : [`verified: ${numbers}`]),
    ...(touched.length > 0 ? [`it changes the check itself: look at ${touched.map(plain).join(', ')}`] : []),
    ...(put.merged
      ? [`merged with your own changes of ${folder}/: these numbers are of the run without them`]
      : []),
    ...(kept.length > 0 ? [`kept, because the night began without them: ${kept.join(', ')}`] : []),
    `look: git show ${put.commit.slice(0, 9)}     undo: git revert ${put.commit.slice(0, 9)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
});

/** @throws UserError where there is none. */
function bestRun(task: Task, repo: string, wanted: string | undefined): string {
  const sprints = readSprints(sprintsDir(repo));
  for (const name of wanted === undefined ? Object.keys(task.contract.profiles) : [wanted]) {
    const run = bestOf(sprints, leaderboardId(task, name))?.verdict?.run;
    if (run !== undefined) return run;
  }
  throw new UserError(
    'there is no verified best yet; start the loop (npm run loop), or name a run: "npm run leaderboard" shows those of all branches',
  );
}

/** The commit's message. Titles are the researcher's: they are quoted, and no line of theirs is a trailer. */
function message(
  origin: Origin,
  task: Task,
  { mergedOn, kept }: { mergedOn: string | null; kept: readonly string[] },
): string {
  const { words, run, sprint, verdict, tree, researcher } = origin;
  const { workspace, metric, also } = task.contract;
  const numbers = [...new Set([metric, ...also])].flatMap((name) => {
    const value = verdict?.metrics[name];
    return value === undefined ? [] : [`${trailerName(name)}: ${value}`];
  });
  const body = [
    ...(sprint ? [`Sprint ${sprint.number}: "${plain(sprint.title)}" (${sprint.outcome}).`] : []),
    run === null
      ? `Its workspace is the tree ${tree}.`
      : `The workspace that the run was trained from is the tree ${tree}.`,
    ...(kept.length > 0 ? [`Kept, because the night began without them: ${kept.join(', ')}.`] : []),
    ...(mergedOn ? [`Merged with the changes of ${mergedOn}: the numbers are of the run without them.`] : []),
  ];
  const trailers = [
    ...((run ?? verdict) ? [`Run: ${plain(run ?? verdict?.run ?? '')}`] : []),
    ...(sprint ? [`Sprint: ${plain(sprint.id)}`, `Verdict: ${sprint.outcome}`] : []),
    ...numbers,
    ...(sprint?.confirmed && sprint.verdict?.run === verdict?.run
      ? [`Confirmed: ${confirmedWords(sprint.confirmed, metric)}`]
      : []),
    ...(verdict ? [`Profile: ${plain(verdict.profile)}`] : []),
    ...(sprint ? [`Leaderboard: ${plain(sprint.leaderboard)}`] : []),
    // Commands by hand and the tests look for it: from here on this branch has the work of others.
    ...(researcher ? [`Researcher: ${researcher}`] : []),
  ];
  const subject = `Adopt ${workspace}/ of ${plain(words)}`;
  return [subject, body.join('\n'), trailers.join('\n')].filter((part) => part !== '').join('\n\n');
}

function conflict(
  { files }: Extract<Putting, { kind: 'conflict' }>,
  origin: Origin,
  here: string,
  folder: string,
): string {
  const both = files.length > 0 ? `, and both changed ${files.slice(0, 3).map(plain).join(', ')}` : '';
  const again = joinCommand(['npm', 'run', 'adopt', '--', origin.run ?? origin.branch ?? '', '--replace']);
  return `${folder}/ of ${here} has changed since ${origin.branch} began${both}; merge by hand (git merge ${origin.branch}), or take the run's as it is: ${again}`;
}
