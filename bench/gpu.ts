import { gpuNames, openBackend } from '#engine/backend';

/**
 * The GPU backend of this machine that passed its golden step, or why there is none. It counts only where a
 * real GPU computes, not a software driver.
 */
export async function gpuBackend(
  open: (name: string) => Promise<{ gpu: boolean; label: string }> = openBackend,
): Promise<{ name: string } | { none: string }> {
  const failed: string[] = [];
  for (const name of gpuNames()) {
    try {
      const { gpu, label } = await open(name);
      if (gpu) return { name };
      failed.push(`${label} is no GPU`);
    } catch (error) {
      failed.push((error as Error).message.split('\n')[0]);
    }
  }
  return { none: failed.join('; ') };
}
