/**
 * What an error says where memory ran out: JavaScript's and WebAssembly's RangeErrors, the abort of tfjs' wasm backend and
 * what libtensorflow and WebGPU say. Null for any other error. (V8's own heap ends the process; the supervisor sees that.)
 */
export function outOfMemory(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { message } = error;
  const found =
    (error instanceof RangeError && /allocation failed|memory/i.test(message)) ||
    /\bOOM\b|out of memory/i.test(message);
  return found ? `out of memory: ${message.split('\n')[0]}` : null;
}
