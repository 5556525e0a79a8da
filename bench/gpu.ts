import { backendNames, openBackend } from '#engine/backend';

/**
 * The GPU backend of this machine that passed its golden step, or why there is none. The engine alone decides what
 * backends there are; those whose name says gpu count.
 */
export async function gpuBackend(): Promise<{ name: string } | { none: string }> {
  const names: readonly string[] = backendNames;
  const failed: string[] = [];
  for (const name of names.filter((candidate) => candidate.includes('gpu'))) {
    try {
      await openBackend(name);
      return { name };
    } catch (error) {
      failed.push((error as Error).message.split('\n')[0]);
    }
  }
  return { none: failed.join('; ') || `the engine has no GPU backend (it has ${names.join(', ')})` };
}
