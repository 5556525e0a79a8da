import { existsSync } from 'node:fs';
import { UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { runDir, sprintsDir, taskPath } from '../common/paths.ts';
import { findBest } from './find-best.ts';
import { knownRuns, runNamed } from './known-runs.ts';
import { readSprints } from './ledger.ts';

/**
 * The folder of the run that a person means: a path that is there, `best`, an id, or words that one id has.
 * @throws UserError where there is none, or it is not here
 */
export function folderOf(asked: string, repo: string): string {
  if (existsSync(asked)) return asked;
  const id = idOf(asked, repo);
  const folder = runDir(repo, id);
  if (existsSync(folder)) return folder;
  const how = asked === 'best' ? '; train it again: npm run best -- --train' : '';
  throw new UserError(`checkpoints/${id} is not in this checkout (checkpoints are not committed)${how}`);
}

/** The id of the run, or of `best`, whose folder may be gone. @throws UserError where there is none */
export const idOf = (asked: string, repo: string): string =>
  asked === 'best'
    ? findBest(readTask(taskPath(repo)), repo).recorded.run
    : runNamed(knownRuns(repo, readSprints(sprintsDir(repo))), asked).run.id;
