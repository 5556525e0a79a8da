// Exports all kernels as one module. `npm run build:wasm` compiles it.
export * from './combination';
export * from './elementwise';
export * from './gemm';
export * from './reductions';
export * from './sparse';
