import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FIRST_RESEARCHER } from '#contract/run';
import { homeOf, moreWorktrees, worktreeOf } from '#host/worktree';

// All paths that the supervisor writes or reads. Folders are absolute; those in `committed` are relative, as
// git names them. `repo` is the user's checkout or a worktree of the loop. Sprints are on the run branch in
// the worktrees; all else is in the user's checkout. A link in a worktree leads to the runs.

/** The worktree in which a researcher works. */
export const laneDir = (repo: string, researcherId: string) => {
  const home = homeOf(repo);
  return researcherId === FIRST_RESEARCHER ? worktreeOf(home) : join(moreWorktrees(home), researcherId);
};

/** The worktrees of all researchers that have worked here. */
export const laneDirs = (repo: string): string[] => {
  const more = moreWorktrees(homeOf(repo));
  const others = existsSync(more) ? readdirSync(more).map((name) => join(more, name)) : [];
  return [worktreeOf(homeOf(repo)), ...others].filter((folder) => existsSync(folder));
};

/**
 * The sprints of the last loop's branch; where no loop has run here, those of the current branch. Each
 * worktree of the loop has its own copy, and there the open sprint of its researcher.
 */
export const sprintsDir = (repo: string) => {
  const home = homeOf(repo);
  const worktree = repo === home ? worktreeOf(home) : repo;
  return join(existsSync(worktree) ? worktree : repo, 'sprints');
};
export const sprintDir = (repo: string, id: string) => join(sprintsDir(repo), id);
export const reportsDir = (repo: string) => join(homeOf(repo), 'reports');
export const stateDir = (repo: string) => join(homeOf(repo), 'state');
export const runsDir = (repo: string) => join(repo, 'checkpoints');
export const runDir = (repo: string, id: string) => join(runsDir(repo), id);
/** Long outputs of tools, for the researcher to read. */
export const outputsDir = (repo: string) => join(runsDir(repo), 'outputs');
/** The texts of the user's papers, for the researcher to read: no sandbox shows anything of `state/`. */
export const paperTextsDir = (repo: string) => join(runsDir(repo), 'papers');
/** Summaries of sweeps that were started by hand. */
export const sweepsDir = (repo: string) => join(runsDir(repo), 'sweeps');
/** The task of runs on other data, which their services read. */
export const transferTask = (repo: string, digest: string) =>
  join(stateDir(repo), `transfer-${digest}.TASK.md`);
/** Pictures of comparisons by hand. */
export const comparedDir = (repo: string) => join(runsDir(repo), 'compared');
/**
 * Checked-out trees. They are separate for each checkout, since a training there uses the engine and
 * benchmark of that checkout.
 */
export const treesDir = (repo: string) => join(repo, 'state', 'trees');
export const logsDir = (repo: string) => join(stateDir(repo), 'logs');

/**
 * The key of a run branch, and all that was made on its secret worlds. No sandbox shows anything of
 * `state/`. A slash is written as two dashes, and a dash beside a dash or a slash as `%2D`: no two branches
 * share a folder.
 */
export const secretDir = (repo: string, branch: string) => {
  const name = branch.replaceAll('%', '%25').replaceAll(/-(?=[-/])|(?<=[-/])-/g, '%2D');
  return join(secretsDir(repo), name.replaceAll('/', '--'));
};
export const secretsDir = (repo: string) => join(stateDir(repo), 'secret');

/**
 * What the jobs of runs on secret worlds and their supervisor tell each other: nothing of the worlds.
 */
export const confirmingDir = (repo: string, job: string) => join(stateDir(repo), 'confirming', job);

export const eventsPath = (repo: string) => join(stateDir(repo), 'events.jsonl');
export const pausePath = (repo: string) => join(stateDir(repo), 'pause');
export const closedSprintPath = (repo: string) => join(stateDir(repo), 'closed-sprint.json');
export const taskPath = (repo: string) => join(homeOf(repo), 'TASK.md');
export const hintsPath = (repo: string) => join(homeOf(repo), 'HINTS.md');
/** PDFs and texts that the user lays beside TASK.md for the researcher. */
export const papersDir = (repo: string) => join(homeOf(repo), 'papers');
/** A file whose presence asks the loop to stop. */
export const stopPath = (repo: string) => join(homeOf(repo), 'STOP');
export const notebookPath = (repo: string) => join(reportsDir(repo), 'index.html');
/** Event files for TensorBoard, a folder per run. In `checkpoints/` a trainer could add files of its own. */
export const tensorboardDir = (repo: string) => join(reportsDir(repo), 'tensorboard');
export const eventFilePath = (folder: string, run: string) => join(folder, run, 'events.out.tfevents.run');

/** What the run branch of a folder of sprints began with. */
export function beganFromFile(sprints: string): string {
  return join(sprints, 'began-from.json');
}

/** Paths relative to the repository, as git names them. */
export const committed = {
  sprint: (id: string) => join('sprints', id),
  record: (id: string) => join('sprints', id, 'sprint.json'),
  inFull: (id: string) => join('sprints', id, 'in-full.json'),
  checked: (id: string) => join('sprints', id, 'checked.json'),
  contract: (leaderboard: string) => contractFile('sprints', leaderboard),
  /** What the run branch began with, where that is the workspace of an earlier night. */
  beganFrom: beganFromFile('sprints'),
  /** The hashes of the keys that secret worlds are drawn from, and the keys that were published. */
  secretWorlds: join('sprints', 'secret-worlds.json'),
} as const;

/** The contract that was committed with a leaderboard's first sprint, in a folder of sprints. */
export const contractFile = (sprints: string, leaderboard: string) =>
  join(sprints, 'leaderboards', `${leaderboard}.yaml`);

/** Files of a sprint's folder. */
export const inSprint = (dir: string) => ({
  log: join(dir, 'README.md'),
  patch: join(dir, 'change.patch'),
  record: join(dir, 'sprint.json'),
  inFull: join(dir, 'in-full.json'),
  checked: join(dir, 'checked.json'),
});

/** Files of a run's folder: `out` is written by the trainer, all else by the supervisor. */
export const inRun = (dir: string) => ({
  record: join(dir, 'run.json'),
  /** Written by the local executor. */
  processes: join(dir, 'processes.json'),
  evals: join(dir, 'evals.jsonl'),
  verdict: join(dir, 'verdict.json'),
  trainerLog: join(dir, 'trainer.log'),
  serveLog: join(dir, 'serve.log'),
  judgeLog: join(dir, 'judge.log'),
  out: join(dir, 'out'),
  progress: join(dir, 'out', 'progress.jsonl'),
  result: join(dir, 'out', 'result.json'),
  checkpoint: join(dir, 'out', 'checkpoint.safetensors'),
  optimizer: join(dir, 'out', 'optimizer.safetensors'),
  snapshots: join(dir, 'out', 'evals'),
});

/**
 * Files of a run that is a job of Slurm, in the run's folder: what the supervisor asks for and which job that
 * is, and what the job says of itself.
 */
export const inJob = (dir: string) => ({
  asked: join(dir, 'slurm', 'asked.json'),
  job: join(dir, 'slurm', 'job.json'),
  began: join(dir, 'slurm', 'began.json'),
  ended: join(dir, 'slurm', 'ended.json'),
  hello: join(dir, 'slurm', 'hello.json'),
  /** What Slurm and the job's own program print. */
  log: join(dir, 'slurm', 'slurm.log'),
});
