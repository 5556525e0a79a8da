/**
 * The engines that are compared. The `nudged` ones read activations that differ in the last place, which
 * shows the effect of rounding alone.
 */
export const ENGINES = {
  /** The named operations by our own kernels, with sparse products. */
  embedded: { backend: 'embedded', plain: false, nudged: false },
  embeddedNudged: { backend: 'embedded', plain: false, nudged: true },
  /**
   * Everything dense in plain tfjs, with the elementary kernels of the embedded backend: fast enough for many
   * runs.
   */
  dense: { backend: 'embedded', plain: true, nudged: false },
  denseNudged: { backend: 'embedded', plain: true, nudged: true },
  /** Everything dense on tfjs' own wasm backend, with no kernel of ours. */
  tfjs: { backend: 'wasm', plain: true, nudged: false },
} as const;

export type EngineName = keyof typeof ENGINES;
