import { Random, type Seed } from '../random.ts';
import type { World } from '../world/world.ts';
import { openNativeSampler } from './native.ts';
import { NativeDraw } from './native-draw.ts';
import { PlainDraw } from './plain-draw.ts';
import { planOf } from './plan.ts';
import type { SparseRows } from './sparse-rows.ts';
import { Synthesis } from './synthesis.ts';

export type { SparseRows } from './sparse-rows.ts';

/**
 * Draws exact samples of a world and skips what does not fire. Given the copula's factors z, features fire
 * independently with Phi(A_i·z - c_i). Roots and flat features are thinned in buckets (candidates at the
 * bucket's largest probability, each kept with its own share), and children are drawn only below active
 * parents. `reference.ts` is the plain definition, which this equals in distribution. The draw is in C where
 * the processor allows (native.ts), else in TypeScript; both give the same bits.
 */
export class Sampler {
  private readonly drawing: PlainDraw | NativeDraw;
  private synthesis: Synthesis | undefined;

  /**
   * @param stream names an independent stream of the same seed: 'train', 'eval'.
   * @param native as ENGINE_NATIVE, which it overrides
   */
  constructor(
    private readonly world: World,
    readonly seed: Seed,
    readonly stream: string,
    private readonly native?: string,
  ) {
    const kernels = openNativeSampler(native);
    const plan = planOf(world);
    this.drawing = kernels ? new NativeDraw(world, plan, kernels) : new PlainDraw(world, plan);
  }

  /**
   * Draws the batch of that index, always the same for the same (seed, stream, index, rows). Where `x`
   * ([rows, hidden_dim]) is given, the dense activations are written there as well.
   */
  sample(index: number, rows: number, x?: Float32Array): SparseRows {
    const sparse = this.drawing.draw(new Random(this.seed, this.stream, index), rows);
    if (x) {
      this.synthesis ??= new Synthesis(this.world.featureVectors, this.world.bias, this.native);
      this.synthesis.write({ ...sparse, indices: sparse.features }, x);
    }
    return sparse;
  }
}
