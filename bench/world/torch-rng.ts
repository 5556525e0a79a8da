const N = 624;
const M = 397;

/**
 * torch's CPU generator (MT19937) with `rand` and `randn` of float32 tensors as torch fills them. A
 * released model does not store per-feature std magnitudes, so a loader must draw the same numbers as
 * torch. Equal to 2e-6. Source: M. Matsumoto and T. Nishimura, MT19937 (1998); PyTorch's documented CPU
 * kernels.
 */
export class TorchGenerator {
  private readonly state = new Uint32Array(N);
  private index = N;
  /** The scalar path makes normals in pairs and keeps the second for the next call. */
  private cached: number | null = null;

  constructor(seed: number) {
    let x = Number(BigInt.asUintN(32, BigInt(seed)));
    this.state[0] = x;
    for (let i = 1; i < N; i++) {
      x = (Math.imul(1812433253, x ^ (x >>> 30)) + i) >>> 0;
      this.state[i] = x;
    }
  }

  /** The next 32 bits. `KeyedGenerator` takes them from elsewhere. */
  next32(): number {
    if (this.index === N) this.twist();
    let y = this.state[this.index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** torch.rand(n): uniforms on [0, 1) of 24 bits. */
  rand(n: number): Float32Array {
    return Float32Array.from({ length: n }, () => this.uniform24());
  }

  /** torch.randn(n): standard normals. */
  randn(n: number): Float32Array {
    const out = new Float32Array(n);
    if (n < 16) {
      for (let i = 0; i < n; i++) out[i] = this.scalarNormal();
      return out;
    }
    for (let i = 0; i < n; i++) out[i] = this.uniform24();
    for (let start = 0; start + 16 <= n; start += 16) boxMuller16(out, start);
    if (n % 16 !== 0) {
      // The last whole block ends at n and overlaps the one before it: its uniforms are drawn again.
      for (let i = n - 16; i < n; i++) out[i] = this.uniform24();
      boxMuller16(out, n - 16);
    }
    return out;
  }

  private uniform24(): number {
    return (this.next32() & 0xffffff) * 2 ** -24;
  }

  private uniform53(): number {
    const high = this.next32();
    const low = this.next32();
    return ((high & 0x1fffff) * 2 ** 32 + low) * 2 ** -53;
  }

  private scalarNormal(): number {
    if (this.cached !== null) {
      const value = this.cached;
      this.cached = null;
      return value;
    }
    const angle = 2 * Math.PI * this.uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
    this.cached = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < N; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
      state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.index = 0;
  }
}

/** Turns sixteen uniforms into normals; the j-th of the first half is paired with the j-th of the second. */
function boxMuller16(data: Float32Array, start: number): void {
  for (let j = start; j < start + 8; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - data[j]));
    const angle = 2 * Math.PI * data[j + 8];
    data[j] = radius * Math.cos(angle);
    data[j + 8] = radius * Math.sin(angle);
  }
}
