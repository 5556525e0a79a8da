import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import { PublishedKeys } from '#contract/confirmed';
import { UserError } from '#contract/errors';
import { committed } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import { commitPaths } from '../git/git.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { SecretStore } from './store.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
  secrets: SecretStore | null;
}

/** What a run branch has published, by the text of its file. @throws UserError */
export function publishedKeys(text: string): PublishedKeys {
  try {
    return PublishedKeys.parse(JSON.parse(text));
  } catch {
    throw new UserError(
      `${committed.secretWorlds}: is not a list of keys of secret worlds; restore it from git`,
    );
  }
}

/**
 * Commits the hash of the key to the run branch, before anything is confirmed by it: whoever checks a
 * confirmed number can see that its worlds were fixed before the candidate was made. What the branch has
 * counts, not the file on disk: a crash may have kept it from being committed.
 * @throws UserError where the key is published and still in use.
 */
export async function publishHash({ config, checkout, journal, secrets }: LoopParts): Promise<void> {
  if (!secrets) return;
  const { hash, madeAt } = secrets.of;
  const { many } = config.task.contract.secret;
  const { git, branch } = checkout;
  const keys = publishedKeys(await git.raw(['show', `HEAD:${committed.secretWorlds}`]).catch(() => '[]'));
  const known = keys.find((key) => key.hash === hash);
  if (known?.key !== undefined)
    throw new UserError(
      `${branch.name}: the key of its ${many} is published, so nothing can be confirmed by it any more; retire it: npm run publish-key -- ${branch.name}`,
    );
  if (known) return;
  writeJsonAtomic(join(config.repo, committed.secretWorlds), [...keys, { hash, madeAt }]);
  const subject = `Publish the hash of the key of the ${many}`;
  const body = `Gains are confirmed on ${many} that are drawn from this key. Its SHA-256:\n${hash}`;
  await commitPaths(git, [committed.secretWorlds], subject, body);
  journal.notice(`${many}: their key has the SHA-256 ${hash}`);
}
