// Dense products by AMX, the processor's tiles of bfloat16. A float32 is the sum of three bfloat16, to its last
// bit but one at worst: high + middle + low. Of the nine products of two such sums the six largest are added, in
// float32: what is left out is below 2^-25 of a product. A sum of terms so has the accuracy of float32, and other
// last bits than that of product.h. Source: Henry, Tang and Heinecke (2019), "Leveraging the bfloat16 artificial
// intelligence datatype for higher-precision computations", arXiv:1904.06376; Intel's manual, volume 1, chapter 18.
#pragma once

#include "product.h"
#include "transpose.h"

#ifdef __AVX512F__
#define AMX __attribute__((target("amx-tile,amx-bf16")))

/** A tile has so many rows of so many float32, or of pairs of bfloat16: 1,024 bytes. */
enum { TILE = 16, TILE_WORDS = TILE * TILE };
/** Terms of a tile of bfloat16; the pieces of a number, one tile each; words of these. */
enum { TERMS = 2 * TILE, PIECES = 3, STEP_WORDS = PIECES * TILE_WORDS };
/** Rows and columns of a block of c: two tiles by two. PIECES of ../amx.ts has these sizes too. */
enum { BLOCK = 2 * TILE };
/** Columns of an item, and terms that are summed at a time: that part of b stays in an L2 cache of 2 MB. */
enum { ITEM_COLUMNS = 256, ITEM_TERMS = 768 };
/** Words of a thread's room: that part of b in pieces, and BLOCK rows of sums. */
enum { SUMS_WORDS = BLOCK * ITEM_COLUMNS };
enum { ROOM_WORDS = ITEM_COLUMNS / TILE * (ITEM_TERMS / TERMS) * STEP_WORDS + SUMS_WORDS };

/**
 * Asks Linux to let this process use tiles: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA). 0, or less where
 * it refuses.
 */
EXPORT int allow_amx(void) {
  long result = 158;
  __asm__ volatile("syscall" : "+a"(result) : "D"(0x1023L), "S"(18L) : "rcx", "r11", "memory");
  return (int)result;
}

/** The nearest bfloat16 of each number, as float32. */
INLINE vec nearest_bfloat16(vec x) {
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  return _mm512_castsi512_ps(_mm512_and_si512(up, _mm512_set1_epi32((int)0xffff0000)));
}

/** Lanes that have no three pieces: NaN, infinity, and what may round to it. */
INLINE __mmask16 beyond_pieces(vec x) {
  return _mm512_cmp_ps_mask(without_sign(x), splat(0x1p127f), _CMP_NLT_UQ);
}

/** Where lines of an operand lie, each of some terms. */
struct source {
  const float *from;
  /** Numbers from one line to the next, or if numbers of one term lie side by side from one term to the next. */
  int64_t stride;
  int by_term;
};

/**
 * Packs TERMS terms of TILE lines (rows of the left operand, columns of the right one) as one tile for each
 * piece. A word has two terms of a line; those of the right operand lie as [pair][line], of the left one as
 * [line][pair]. What is beyond `lines` and `terms` is 0. Whether all numbers have pieces.
 */
INLINE int pack_step(struct source source, int is_right, int lines, int terms, float *to) {
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  float flipped[STEP_WORDS] __attribute__((aligned(64)));
  float *out = source.by_term == is_right ? to : flipped;
  __mmask16 beyond = 0;
  for (int i = 0; i < TILE; i++) {
    vec x = splat(0), y = splat(0);
    if (source.by_term) {
      if (2 * i < terms) x = load_part(source.from + 2 * i * source.stride, lines);
      if (2 * i + 1 < terms) y = load_part(source.from + (2 * i + 1) * source.stride, lines);
    } else if (i < lines) {
      const float *line = source.from + i * source.stride;
      const vec first = load_part(line, (int)least(TILE, terms));
      const vec second = terms > TILE ? load_part(line + TILE, terms - TILE) : splat(0);
      x = _mm512_permutex2var_ps(first, even, second);
      y = _mm512_permutex2var_ps(first, odd, second);
    }
    beyond |= beyond_pieces(x) | beyond_pieces(y);
    for (int piece = 0; piece < PIECES; piece++) {
      const vec in_x = nearest_bfloat16(x), in_y = nearest_bfloat16(y);
      const __m512i low = _mm512_srli_epi32(_mm512_castps_si512(in_x), 16);
      const __m512i word = _mm512_or_si512(low, _mm512_castps_si512(in_y));
      store(out + piece * TILE_WORDS + i * TILE, _mm512_castsi512_ps(word));
      x -= in_x;
      y -= in_y;
    }
  }
  if (out != to)
    for (int piece = 0; piece < PIECES; piece++)
      flip_sixteen(flipped + piece * TILE_WORDS, TILE, to + piece * TILE_WORDS, TILE, 0);
  return beyond == 0;
}

/**
 * Packs lines at..end of an operand of `count` lines of `k` terms, from term `first` to `last`, as
 * [panel of TILE lines][step of TERMS terms][piece]. Lines beyond `count` are 0. Whether all numbers have pieces.
 */
INLINE int pack_lines(const float *from, int64_t count, int64_t k, int by_term, int is_right, int64_t at,
                      int64_t end, int64_t first, int64_t last, float *to) {
  const int64_t steps = (last - first + TERMS - 1) / TERMS;
  int fits = 1;
  for (int64_t step = 0; step < steps; step++) {
    const int64_t term = first + step * TERMS;
    const int terms = (int)least(TERMS, last - term);
    // Neighbours after each other: where numbers of a term lie side by side, they share pages and lines.
    for (int64_t line = at; line < end; line += TILE) {
      const int lines = line < count ? (int)least(TILE, count - line) : 0;
      const struct source source = {by_term ? from + term * count + line : from + line * k + term, by_term ? count : k,
                                    by_term};
      fits &= pack_step(source, is_right, lines, terms, to + ((line - at) / TILE * steps + step) * STEP_WORDS);
    }
  }
  return fits;
}

/** Packs blocks of BLOCK rows of a [m, k], given as its transpose or not. Sets `beyond` if a number has no pieces. */
KERNEL(packPieces) {
  const float *a = pointer(job, 0);
  const int64_t m = whole(job, 1), k = whole(job, 2);
  const int flipped = whole(job, 3) != 0;
  float *packed = pointer(job, 4);
  int32_t *beyond = pointer(job, 5);
  const int64_t block_words = BLOCK / TILE * ((k + TERMS - 1) / TERMS) * STEP_WORDS;
  for (int64_t block = job->from; block < job->to; block++) {
    const int64_t row = block * BLOCK;
    float *to = packed + block * block_words;
    const int fits = flipped ? pack_lines(a, m, k, 1, 0, row, row + BLOCK, 0, k, to)
                             : pack_lines(a, m, k, 0, 0, row, row + BLOCK, 0, k, to);
    if (!fits) __atomic_store_n(beyond, 1, __ATOMIC_RELAXED);
  }
}

/** All eight tiles in full size. */
AMX INLINE void start_tiles(void) {
  struct {
    uint8_t palette, start, none[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } shape = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    shape.bytes[i] = 4 * TILE;
    shape.rows[i] = TILE;
  }
  _tile_loadconfig(&shape);
}

/** Loads a piece of a panel's step, and asks for that of the next step, which lies in the L2 cache. */
#define TAKE(tile, step, piece)                                  \
  _tile_loadd(tile, (step) + piece * TILE_WORDS, 4 * TILE);      \
  ask_for_tile((step) + STEP_WORDS + piece * TILE_WORDS);
/** Does this to each of the four tiles of a block of sums. */
#define EACH_OF_BLOCK(what)                            \
  what(0, sums, 4 * ITEM_COLUMNS);                     \
  what(1, sums + TILE, 4 * ITEM_COLUMNS);              \
  what(2, sums + TILE * ITEM_COLUMNS, 4 * ITEM_COLUMNS); \
  what(3, sums + TILE * ITEM_COLUMNS + TILE, 4 * ITEM_COLUMNS);
enum { HIGH = 0, MIDDLE = 1, LOW = 2 };

INLINE void ask_for_tile(const float *tile) {
  for (int i = 0; i < TILE_WORDS; i += TILE) _mm_prefetch((const char *)(tile + i), _MM_HINT_T0);
}

/**
 * A block of sums = left · right over `steps` steps of two panels each, or += if not `is_first`. The smallest
 * products come first. Each pair of pieces shares one with the pair before it, and each tile is loaded between
 * products of the pair before, as soon as these have used what it replaces.
 */
AMX static __attribute__((noinline)) void sum_block(const float *left, int64_t left_apart, const float *right,
                                                    int64_t right_apart, int64_t steps, float *sums, int is_first) {
  if (is_first) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    EACH_OF_BLOCK(_tile_loadd)
  }
  for (int64_t step = 0; step < steps; step++, left += STEP_WORDS, right += STEP_WORDS) {
    const float *below = left + left_apart, *beside = right + right_apart;
    TAKE(6, right, HIGH)
    TAKE(4, left, LOW)
    _tile_dpbf16ps(0, 4, 6);
    TAKE(7, beside, HIGH)
    _tile_dpbf16ps(1, 4, 7);
    TAKE(5, below, LOW)
    _tile_dpbf16ps(2, 5, 6);
    TAKE(4, left, MIDDLE)
    _tile_dpbf16ps(3, 5, 7);

    _tile_dpbf16ps(0, 4, 6);
    TAKE(5, below, MIDDLE)
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    TAKE(6, right, MIDDLE)
    _tile_dpbf16ps(3, 5, 7);

    _tile_dpbf16ps(0, 4, 6);
    TAKE(7, beside, MIDDLE)
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(1, 4, 7);
    TAKE(4, left, HIGH)
    _tile_dpbf16ps(3, 5, 7);

    _tile_dpbf16ps(0, 4, 6);
    TAKE(5, below, HIGH)
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    TAKE(6, right, LOW)
    _tile_dpbf16ps(3, 5, 7);

    _tile_dpbf16ps(0, 4, 6);
    TAKE(7, beside, LOW)
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(6, right, 4 * TILE);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);

    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, beside, 4 * TILE);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
  }
  EACH_OF_BLOCK(_tile_stored)
}

/** Where numbers of c lie: some rows and columns of it. */
struct part_of_c {
  float *at;
  int64_t row;
  int rows, columns;
};

/** Takes up the sums of a part of c that has some of its terms. */
INLINE void take_up(struct part_of_c c, float *sums) {
  for (int r = 0; r < c.rows; r++)
    for (int j = 0; j < c.columns; j += TILE)
      store(sums + r * ITEM_COLUMNS + j, load_part(c.at + r * c.row + j, (int)least(TILE, c.columns - j)));
}

/** Writes sums to c, with bias and scale where `then` has them, past the caches if `far`. */
INLINE void write_out(const float *sums, struct part_of_c c, struct column_factors then, int far) {
  for (int r = 0; r < c.rows; r++)
    for (int j = 0; j < c.columns; j += TILE) {
      const int part = (int)least(TILE, c.columns - j);
      vec x = load(sums + r * ITEM_COLUMNS + j);
      if (then.bias) x += load_part(then.bias + j, part);
      if (then.scale) x *= load_part(then.scale + j, part);
      float *to = c.at + r * c.row + j;
      if (part == TILE) put(to, x, far);
      else store_part(to, x, part);
    }
}

/**
 * Parts of c [m, n] = a · b: `high` rows, a multiple of BLOCK, by ITEM_COLUMNS columns, numbered row by row. a is
 * packed, b is given as its transpose or not; a bias of each column is added and a scale multiplied, if they are
 * given. `scratch` has the room of `threads` threads (room.h). Sets `beyond` if a number has no pieces.
 */
AMX KERNEL(productOfPieces) {
  const float *packed = pointer(job, 0), *b = pointer(job, 1);
  float *c = pointer(job, 2);
  const int64_t m = whole(job, 3), n = whole(job, 4), k = whole(job, 5), high = whole(job, 7);
  const int flipped = whole(job, 6) != 0;
  const float *bias = pointer(job, 10), *scale = pointer(job, 11);
  int32_t *beyond = pointer(job, 12);
  const int64_t across = (n + ITEM_COLUMNS - 1) / ITEM_COLUMNS;
  const int64_t left_apart = (k + TERMS - 1) / TERMS * STEP_WORDS;
  const int is_in_lines = n % TILE == 0 && is_far(m * n, c);
  int64_t own;
  float *sums = take_room(pointer(job, 8), whole(job, 9), ROOM_WORDS, &own), *rights = sums + SUMS_WORDS;
  start_tiles();
  for (int64_t item = job->from; item < job->to; item++) {
    const int64_t row_start = item / across * high, row_end = least(m, row_start + high);
    const int64_t column = item % across * ITEM_COLUMNS;
    const int columns = (int)least(ITEM_COLUMNS, n - column);
    const int64_t panels_end = column + (columns + BLOCK - 1) / BLOCK * BLOCK;
    for (int64_t first = 0; first < k; first += ITEM_TERMS) {
      const int64_t last = least(k, first + ITEM_TERMS), steps = (last - first + TERMS - 1) / TERMS;
      const int64_t right_apart = steps * STEP_WORDS;
      const int fits = flipped ? pack_lines(b, n, k, 0, 1, column, panels_end, first, last, rights)
                               : pack_lines(b, n, k, 1, 1, column, panels_end, first, last, rights);
      if (!fits) __atomic_store_n(beyond, 1, __ATOMIC_RELAXED);
      const int is_last = last == k;
      const struct column_factors then = {is_last && bias ? bias + column : 0, is_last && scale ? scale + column : 0};
      for (int64_t row = row_start; row < row_end; row += BLOCK) {
        const struct part_of_c part = {c + row * n + column, n, (int)least(BLOCK, m - row), columns};
        const float *left = packed + row / TILE * left_apart + first / TERMS * STEP_WORDS;
        if (first > 0) take_up(part, sums);
        for (int j = 0; j < columns; j += BLOCK)
          sum_block(left, left_apart, rights + j / TILE * right_apart, right_apart, steps, sums + j, first == 0);
        write_out(sums, part, then, is_in_lines && is_last);
      }
    }
  }
  _tile_release();
  _mm_sfence();
  give_back(pointer(job, 8), own);
}
#endif
