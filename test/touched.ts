import { worksOfClaude } from '#host/by-hand';
import { homeOf } from '#host/worktree';

/** The variable that says which tests run: `all`, `workspace` (in the sandbox), `others`. */
export const OF = 'TESTS_OF';

/** Variables of the tests' own, of Vitest and of git's configuration, which tests may see. */
const OWN =
  /^(GOLDEN_\w+|NIGHTS|SEED|CRASHES|KEEP_TMP|COVERAGE|SAELENS_\w+|VITEST_\w+|GITHUB_ACTIONS|XDG_CONFIG_HOME|GIT_CONFIG(_\w+)?)$/;
export const isOfTests = (name: string): boolean => OWN.test(name);

/** Where a researcher that is no code of ours has worked on this checkout; null where nowhere. */
export async function worksHere(checkout: string): Promise<string | null> {
  const works = await worksOfClaude(checkout);
  return works ?? (homeOf(checkout) === checkout ? null : "the loop's worktree");
}

/**
 * Vitest's global setup: `npx vitest` starts nothing that the researcher may have written; test/run.ts
 * chooses where that runs.
 */
export default async function refuseTouched(): Promise<void> {
  if (process.env[OF] !== undefined) return;
  const works = await worksHere(process.cwd());
  if (works === null) return;
  throw new Error(
    `Claude has worked on ${works}: run the tests with "npm test -- <part of a path>", which puts those of the workspace into the sandbox`,
  );
}
