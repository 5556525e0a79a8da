import { createCipheriv, createHmac } from 'node:crypto';

const BLOCK = 1024;
const WARM_UP = 16;
const LAYERS = 128;
/** Right end of the ziggurat's base layer, and the area of each of its 128 layers. */
const TAIL = 3.442619855899;
const AREA = 9.91256303526217e-3;

/**
 * Ziggurat tables: layer i is accepted at once below ratio[i]; edge[i] is its width, density[i]
 * exp(-edge²/2).
 */
const edge = new Float64Array(LAYERS + 1);
const density = new Float64Array(LAYERS + 1);
const ratio = new Float64Array(LAYERS);
edge[0] = AREA / Math.exp(-0.5 * TAIL * TAIL);
edge[1] = TAIL;
for (let i = 2; i < LAYERS; i++) {
  edge[i] = Math.sqrt(-2 * Math.log(AREA / edge[i - 1] + Math.exp(-0.5 * edge[i - 1] ** 2)));
}
for (let i = 0; i <= LAYERS; i++) density[i] = Math.exp(-0.5 * edge[i] ** 2);
for (let i = 0; i < LAYERS; i++) ratio[i] = edge[i + 1] / edge[i];
export const ziggurat = { ratio, edge, density };

/**
 * What random numbers are drawn from: a number, which others may try out, or a key of at least 128 bits, as
 * the judge draws from.
 */
export type Seed = number | Uint8Array;

const KEY_BYTES = 16;
const ZEROS = new Uint8Array(BLOCK * 4);

/**
 * Random numbers that depend only on their key: the same (seed, stream name, batch index) gives the same
 * numbers in any process and any order. For a number the generator is sfc32 (C. Doty-Humphrey, PractRand),
 * started from a hash of 64 bits. For a key it is AES-256 in counter mode, under the HMAC-SHA256 of stream
 * and index with the whole key: from what was drawn, neither the key nor other numbers can be found.
 */
export class Random {
  private readonly state = new Int32Array(4);
  private readonly block = new Uint32Array(BLOCK);
  private readonly bytes = new Uint8Array(this.block.buffer);
  private readonly cipher: ReturnType<typeof createCipheriv> | null;
  private next = BLOCK;

  constructor(seed: Seed, stream: string, index: number) {
    this.cipher = typeof seed === 'number' ? null : cipherOf(seed, stream, index);
    if (typeof seed !== 'number') return;
    // Two hashes of 32 bits (finalisers of MurmurHash3 and of C. Wellons' lowbias32, chained): with one
    // alone, two of some 100,000 keys may collide.
    let first = 0x9e3779b9;
    let second = 0x243f6a88;
    const mix = (word: number): void => {
      first = Math.imul(first ^ word, 0x85ebca6b);
      first = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
      first ^= first >>> 16;
      second = Math.imul(second ^ word, 0x7feb352d);
      second = Math.imul(second ^ (second >>> 15), 0x846ca68b);
      second ^= second >>> 16;
    };
    for (const char of stream) mix(char.codePointAt(0) as number);
    for (const number of [seed, index]) {
      mix(number | 0);
      mix(Math.floor(number / 2 ** 32) | 0);
    }
    this.state[0] = first;
    this.state[1] = second;
    mix(1);
    this.state[2] = first;
    this.state[3] = 1;
    this.refill();
    // The first outputs after a start may still resemble the key.
    this.next = WARM_UP;
  }

  /** 32 random bits. */
  bits(): number {
    if (this.next === BLOCK) this.refill();
    return this.block[this.next++];
  }

  /** Fills `words` with the next random bits, as `bits` gives them. */
  fill(words: Uint32Array): void {
    for (let at = 0; at < words.length; ) {
      if (this.next === BLOCK) this.refill();
      const taken = this.block.subarray(this.next, this.next + words.length - at);
      words.set(taken, at);
      this.next += taken.length;
      at += taken.length;
    }
  }

  /** Uniform on (0, 1), never an end. */
  uniform(): number {
    return (this.bits() + 0.5) * 2 ** -32;
  }

  /** Exponential with mean 1. */
  exponential(): number {
    return -Math.log(this.uniform());
  }

  /**
   * Standard normal by the ziggurat (G. Marsaglia and W. W. Tsang, 2000), layer and position from separate
   * bits (J. A. Doornik, 2005).
   */
  normal(): number {
    for (;;) {
      const bits = this.bits();
      const layer = bits & (LAYERS - 1);
      // 25 bits: a signed position in the layer.
      const u = ((bits >>> 7) - 2 ** 24 + 0.5) * 2 ** -24;
      if (u < ratio[layer] && u > -ratio[layer]) return u * edge[layer];
      if (layer === 0) return u < 0 ? -this.tail() : this.tail();
      const x = u * edge[layer];
      const height = density[layer + 1] + this.uniform() * (density[layer] - density[layer + 1]);
      if (height < Math.exp(-0.5 * x * x)) return x;
    }
  }

  private tail(): number {
    for (;;) {
      const x = this.exponential() / TAIL;
      if (2 * this.exponential() > x * x) return TAIL + x;
    }
  }

  private refill(): void {
    const { state, block } = this;
    this.next = 0;
    if (this.cipher !== null) {
      this.bytes.set(this.cipher.update(ZEROS));
      return;
    }
    // Not destructured: an iterator hides from the compiler that these are integers and takes five times as
    // long.
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    for (let i = 0; i < BLOCK; i++) {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      block[i] = t;
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
  }
}

function cipherOf(key: Uint8Array, stream: string, index: number): ReturnType<typeof createCipheriv> {
  if (key.length < KEY_BYTES) throw new Error(`a key of ${8 * key.length} bits; at least 128 are needed`);
  const own = createHmac('sha256', key).update(`${stream}\0${index}`).digest();
  return createCipheriv('aes-256-ctr', own, new Uint8Array(16));
}
