// Numbers that are drawn. Each depends on seed, batch, row and place alone (Philox, J. K. Salmon et al.,
// SC 2011), so nothing depends on the order in which work items run, or on how many rows are drawn at a time.

// Rows whose factors lie together: [rows / BLOCK, rank, BLOCK].
#define BLOCK 8

// What words are drawn for; place i itself has those of counter i.
#define FACTORS 0x80000000u
#define QUADS 0x40000000u

static uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < 10; round++) {
    const uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
    const uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
    counter = (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// The words of one counter and key, for the test with known answers.
kernel void philox_words(global const uint* from, global uint* to) {
  const uint4 words = philox((uint4)(from[0], from[1], from[2], from[3]), (uint2)(from[4], from[5]));
  to[0] = words.x;
  to[1] = words.y;
  to[2] = words.z;
  to[3] = words.w;
}

// Uniform on (0, 1). 24 bits: more would be rounded to 1.
static float uniform24(uint bits) { return ((bits >> 8) + 0.5f) * 0x1p-24f; }
// A small number keeps all its bits, so that rare features fire as often as they should.
static float uniform32(uint bits) { return fmax((float)bits, 0.5f) * 0x1p-32f; }
// Standard normals (G. E. P. Box and M. E. Muller).
static float2 normals(uint a, uint b) {
  const float radius = sqrt(-2.0f * log(uniform32(a)));
  const float angle = 6.283185307179586f * uniform24(b);
  return radius * (float2)(cos(angle), sin(angle));
}

static uint4 words_of(uint what, int row, int key_low, int key_high, int batch_low, int batch_high) {
  return philox((uint4)(what, (uint)row, (uint)batch_low, (uint)batch_high), (uint2)((uint)key_low, (uint)key_high));
}

// The factors of rows `first` and on, whole blocks of them.
kernel void draw_factors(global float* z, const int rank, const int size, const int first, const int key_low,
                         const int key_high, const int batch_low, const int batch_high) {
  const int i = get_global_id(0);
  if (i >= size) return;
  const int k = i / BLOCK % rank;
  const int row = first + i / (BLOCK * rank) * BLOCK + i % BLOCK;
  const uint4 words = words_of(FACTORS + (uint)k, row, key_low, key_high, batch_low, batch_high);
  z[i] = normals(words.x, words.y).x;
}
