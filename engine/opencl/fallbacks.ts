/** How often each kernel of tfjs was computed here because the device has none for it. */
const counts = new Map<string, number>();

/** Counts it, and says so once: the numbers travel from the device and back. */
export function noteFallback(kernel: string): void {
  const before = counts.get(kernel) ?? 0;
  counts.set(kernel, before + 1);
  if (before > 0) return;
  process.stderr.write(`device: ${kernel} has no kernel of ours, so it is computed on the CPU\n`);
}

export const fallbacks = (): Readonly<Record<string, number>> => Object.fromEntries(counts);
