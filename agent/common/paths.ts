import { join } from 'node:path';

// Every path that the supervisor writes or reads below a checkout. Folders are absolute; `committed` has those that git knows.

export const sprintsDir = (repo: string) => join(repo, 'sprints');
export const sprintDir = (repo: string, id: string) => join(sprintsDir(repo), id);
export const reportsDir = (repo: string) => join(repo, 'reports');
export const stateDir = (repo: string) => join(repo, 'state');
export const runsDir = (repo: string) => join(repo, 'checkpoints');
export const runDir = (repo: string, id: string) => join(runsDir(repo), id);
/** Long outputs of tools, for the researcher to read. */
export const outputsDir = (repo: string) => join(runsDir(repo), 'outputs');
/** Summaries of sweeps by hand. */
export const sweepsDir = (repo: string) => join(runsDir(repo), 'sweeps');
export const treesDir = (repo: string) => join(stateDir(repo), 'trees');
export const logsDir = (repo: string) => join(stateDir(repo), 'logs');

export const eventsPath = (repo: string) => join(stateDir(repo), 'events.jsonl');
export const pausePath = (repo: string) => join(stateDir(repo), 'pause');
export const closedSprintPath = (repo: string) => join(stateDir(repo), 'closed-sprint.json');
export const notebookPath = (repo: string) => join(reportsDir(repo), 'index.html');

/** Relative to the repository, as git names them. */
export const committed = {
  sprint: (id: string) => join('sprints', id),
  record: (id: string) => join('sprints', id, 'sprint.json'),
  contract: (leaderboard: string) => join('sprints', 'leaderboards', `${leaderboard}.yaml`),
  reports: 'reports',
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
