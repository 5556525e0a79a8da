/**
 * The reason, if memory ran out: RangeErrors of JavaScript and WebAssembly, the abort of tfjs' wasm backend,
 * messages of libtensorflow and WebGPU. Null for any other error. (V8's own heap ends the process; the
 * supervisor notices.)
 */
export function outOfMemory(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { message } = error;
  const found =
    (error instanceof RangeError && /allocation failed|memory/i.test(message)) ||
    /\bOOM\b|out of memory/i.test(message);
  return found ? `out of memory: ${message.split('\n')[0]}` : null;
}
