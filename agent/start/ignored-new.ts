import type { RunBranch } from '../git/run-branch.ts';

/**
 * Says that `--new` does nothing yet; null where it does, or was not given. A restart after a crash has the
 * options of the start, so what is open has to go on whatever they are.
 */
export const ignoredNew = ({ fresh, branch }: { fresh: boolean; branch: RunBranch }): string | null =>
  fresh && branch.resumed
    ? `--new has no effect yet: work is open on ${branch.name}, and this start continues it. Once that loop has ended, --new begins a new branch`
    : null;
