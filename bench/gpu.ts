import { backendNames, openBackend } from '#engine/backend';

/**
 * The GPU backend of this machine that passed its golden step, or why there is none. The engine defines the
 * backends. Those with "gpu" in their name are tried, and count only where a real GPU computes, not a
 * software driver.
 */
export async function gpuBackend(): Promise<{ name: string } | { none: string }> {
  const failed: string[] = [];
  for (const name of backendNames.filter((candidate) => candidate.includes('gpu'))) {
    try {
      const { gpu, label } = await openBackend(name);
      if (gpu) return { name };
      failed.push(`${label} is no GPU`);
    } catch (error) {
      failed.push((error as Error).message.split('\n')[0]);
    }
  }
  return { none: failed.join('; ') };
}
