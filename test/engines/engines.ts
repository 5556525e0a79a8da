/**
 * The engines that are compared. `nudged` ones begin with weights that differ in the last place: what
 * rounding alone does.
 */
export const ENGINES = {
  /** The named operations as kernels of ours, products by non-zeros. */
  embedded: { backend: 'embedded', plain: false, nudged: false },
  embeddedNudged: { backend: 'embedded', plain: false, nudged: true },
  /**
   * Everything dense, in plain tfjs, its elementary kernels the embedded backend's: fast enough for many
   * runs.
   */
  dense: { backend: 'embedded', plain: true, nudged: false },
  denseNudged: { backend: 'embedded', plain: true, nudged: true },
  /** Everything dense, and no kernel of ours: tfjs' own wasm backend. */
  tfjs: { backend: 'wasm', plain: true, nudged: false },
} as const;

export type EngineName = keyof typeof ENGINES;
