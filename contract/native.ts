/**
 * Values of ENGINE_NATIVE: which instructions of the processor the kernels in C may use. `auto` takes the
 * widest that it has, `off` leaves all work to WebAssembly.
 */
export const nativeChoices = ['auto', 'avx512', 'avx2', 'off'] as const;
export type NativeChoice = (typeof nativeChoices)[number];
