import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf, worktreeOf } from '#host/worktree';

// Every path that the supervisor writes or reads. Folders are absolute; `committed` has those that git knows.
// `repo` is the user's checkout, or the loop's worktree: its sprints are on the run branch, all else is in
// the user's checkout. A link in the worktree leads to its runs.

/** Of the last loop's branch; where no loop has run here, of the branch that is checked out. */
export const sprintsDir = (repo: string) => {
  const worktree = worktreeOf(homeOf(repo));
  return join(existsSync(worktree) ? worktree : repo, 'sprints');
};
export const sprintDir = (repo: string, id: string) => join(sprintsDir(repo), id);
export const reportsDir = (repo: string) => join(homeOf(repo), 'reports');
export const stateDir = (repo: string) => join(homeOf(repo), 'state');
export const runsDir = (repo: string) => join(repo, 'checkpoints');
export const runDir = (repo: string, id: string) => join(runsDir(repo), id);
/** Long outputs of tools, for the researcher to read. */
export const outputsDir = (repo: string) => join(runsDir(repo), 'outputs');
/** Summaries of sweeps by hand. */
export const sweepsDir = (repo: string) => join(runsDir(repo), 'sweeps');
/**
 * Each checkout has its own: what is trained there takes engine and benchmark from the checkout around it.
 */
export const treesDir = (repo: string) => join(repo, 'state', 'trees');
export const logsDir = (repo: string) => join(stateDir(repo), 'logs');

export const eventsPath = (repo: string) => join(stateDir(repo), 'events.jsonl');
export const pausePath = (repo: string) => join(stateDir(repo), 'pause');
export const closedSprintPath = (repo: string) => join(stateDir(repo), 'closed-sprint.json');
export const taskPath = (repo: string) => join(homeOf(repo), 'TASK.md');
export const hintsPath = (repo: string) => join(homeOf(repo), 'HINTS.md');
/** Asks the loop to stop. */
export const stopPath = (repo: string) => join(homeOf(repo), 'STOP');
export const notebookPath = (repo: string) => join(reportsDir(repo), 'index.html');

/** Relative to the repository, as git names them. */
export const committed = {
  sprint: (id: string) => join('sprints', id),
  record: (id: string) => join('sprints', id, 'sprint.json'),
  contract: (leaderboard: string) => join('sprints', 'leaderboards', `${leaderboard}.yaml`),
} as const;

/** Of a sprint's folder. */
export const inSprint = (dir: string) => ({
  log: join(dir, 'README.md'),
  patch: join(dir, 'change.patch'),
  record: join(dir, 'sprint.json'),
});

/** Of a run's folder: `out` is the trainer's, all else the supervisor's. */
export const inRun = (dir: string) => ({
  record: join(dir, 'run.json'),
  /** Of the local executor. */
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
