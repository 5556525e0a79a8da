import { OWN_FAULT, UserError } from '#contract/errors';

/** What fails on our side alone: no code of a run has a place that it can fill. */
const DISK = ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'];

/**
 * Does something that no run can make fail: a failure of it is a fault of our own.
 * @throws UserError with the exit code `OWN_FAULT`
 */
export async function ours<T>(doing: () => Promise<T>): Promise<T> {
  try {
    return await doing();
  } catch (error) {
    throw new UserError(messageOf(error), OWN_FAULT);
  }
}

/** Turns a fault of the disk into one of our own; other errors stay as they are. */
export async function onOurDisk<T>(doing: () => Promise<T>): Promise<T> {
  try {
    return await doing();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code !== undefined && DISK.includes(code) ? new UserError(messageOf(error), OWN_FAULT) : error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
