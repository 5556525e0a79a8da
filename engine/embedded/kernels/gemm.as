// Dense products in a memory that all threads share. The first parameters of every kernel are a range of
// items (from..to); any thread may take any range. The numbers of an item depend neither on the thread nor on
// the range. Pointers are byte addresses, numbers are f32, matrices are row-major.

import { madd } from './simd';

const PANEL = 8;
/** Rows and columns of an item of `multiply`: the item's block of the left operand fits the L2 cache. */
const ROWS = 96;
const COLUMNS = 512;
/** Terms that are summed at a time: that part of a panel fits the L1 cache. */
const DEPTH = 384;

/** Packs panels from..to of b [k, n] as [n / 8][k][8]; columns beyond n are 0. */
export function packPanels(from: i32, to: i32, b: usize, k: i32, n: i32, packed: usize): void {
  const row = <usize>n << 2;
  for (let panel = from; panel < to; panel++) {
    let at = packed + ((<usize>panel * <usize>k) << 5);
    let source = b + ((<usize>panel * PANEL) << 2);
    const width = min(PANEL, n - panel * PANEL);
    for (let i = 0; i < k; i++) {
      if (width == PANEL) {
        v128.store(at, v128.load(source));
        v128.store(at, v128.load(source, 16), 16);
      } else {
        for (let j = 0; j < PANEL; j++) {
          const value: f32 = j < width ? load<f32>(source + (<usize>j << 2)) : 0;
          store<f32>(at + (<usize>j << 2), value);
        }
      }
      at += 32;
      source += row;
    }
  }
}

/** As `packPanels`, but b is given as its transpose [n, k]. */
export function packPanelsTransposed(from: i32, to: i32, b: usize, k: i32, n: i32, packed: usize): void {
  const row = <usize>k << 2;
  for (let panel = from; panel < to; panel++) {
    const start = packed + ((<usize>panel * <usize>k) << 5);
    for (let j = 0; j < PANEL; j++) {
      const column = panel * PANEL + j;
      const source = b + <usize>column * row;
      let at = start + (<usize>j << 2);
      for (let i: usize = 0; i < row; i += 4) {
        store<f32>(at, column < n ? load<f32>(source + i) : 0);
        at += 32;
      }
    }
  }
}

/**
 * Computes blocks from..to of c [m, n] = a [m, k] · b, b packed in panels. Blocks are numbered row by row.
 */
export function multiply(
  from: i32,
  to: i32,
  a: usize,
  packed: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
): void {
  const across = (n + COLUMNS - 1) / COLUMNS;
  for (let block = from; block < to; block++) {
    const rowStart = (block / across) * ROWS;
    const columnStart = (block % across) * COLUMNS;
    const rowEnd = min(m, rowStart + ROWS);
    const columnEnd = min(n, columnStart + COLUMNS);
    for (let depth = 0; depth < k; depth += DEPTH) {
      const terms = min(DEPTH, k - depth);
      for (let column = columnStart; column < columnEnd; column += PANEL) {
        const panel = packed + ((<usize>column * <usize>k + ((<usize>depth) << 3)) << 2);
        const left = a + (<usize>depth << 2);
        const out = c + (<usize>column << 2);
        let row = rowStart;
        if (column + PANEL <= n) {
          for (; row + 6 <= rowEnd; row += 6) sixRows(left, panel, out, row, n, k, terms, depth == 0);
        }
        const width = min(PANEL, n - column);
        for (; row < rowEnd; row++) oneRow(left, panel, out, row, n, k, terms, depth == 0, width);
      }
    }
  }
}

/**
 * Sets c[row..row + 6, 8 columns] to the sum of `terms` products where they are the first, and adds it
 * otherwise. The 12 vectors of sums stay in registers.
 */
function sixRows(
  a: usize,
  panel: usize,
  c: usize,
  row: i32,
  n: i32,
  k: i32,
  terms: i32,
  first: bool,
): void {
  const aRow = <usize>k << 2;
  const cRow = <usize>n << 2;
  const a0 = a + <usize>row * aRow;
  const a1 = a0 + aRow;
  const a2 = a1 + aRow;
  const a3 = a2 + aRow;
  const a4 = a3 + aRow;
  const a5 = a4 + aRow;
  const c0 = c + <usize>row * cRow;
  const c1 = c0 + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  const c4 = c3 + cRow;
  const c5 = c4 + cRow;
  const zero = f32x4.splat(0);
  let s00 = zero;
  let s01 = zero;
  let s10 = zero;
  let s11 = zero;
  let s20 = zero;
  let s21 = zero;
  let s30 = zero;
  let s31 = zero;
  let s40 = zero;
  let s41 = zero;
  let s50 = zero;
  let s51 = zero;
  if (!first) {
    s00 = v128.load(c0);
    s01 = v128.load(c0, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
    s40 = v128.load(c4);
    s41 = v128.load(c4, 16);
    s50 = v128.load(c5);
    s51 = v128.load(c5, 16);
  }
  let at = panel;
  const bytes = <usize>terms << 2;
  for (let i: usize = 0; i < bytes; i += 4) {
    const b0 = v128.load(at);
    const b1 = v128.load(at, 16);
    at += 32;
    let x = v128.load32_splat(a0 + i);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    x = v128.load32_splat(a1 + i);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    x = v128.load32_splat(a2 + i);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    x = v128.load32_splat(a3 + i);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
    x = v128.load32_splat(a4 + i);
    s40 = madd(x, b0, s40);
    s41 = madd(x, b1, s41);
    x = v128.load32_splat(a5 + i);
    s50 = madd(x, b0, s50);
    s51 = madd(x, b1, s51);
  }
  v128.store(c0, s00);
  v128.store(c0, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
  v128.store(c4, s40);
  v128.store(c4, s41, 16);
  v128.store(c5, s50);
  v128.store(c5, s51, 16);
}

/** As `sixRows` for one row of a panel of `width` columns: for the edges of c. */
function oneRow(
  a: usize,
  panel: usize,
  c: usize,
  row: i32,
  n: i32,
  k: i32,
  terms: i32,
  first: bool,
  width: i32,
): void {
  const left = a + ((<usize>row * <usize>k) << 2);
  const out = c + ((<usize>row * <usize>n) << 2);
  const bytes = <usize>terms << 2;
  if (width == PANEL) {
    let s0 = first ? f32x4.splat(0) : v128.load(out);
    let s1 = first ? f32x4.splat(0) : v128.load(out, 16);
    let at = panel;
    for (let i: usize = 0; i < bytes; i += 4) {
      const x = v128.load32_splat(left + i);
      s0 = madd(x, v128.load(at), s0);
      s1 = madd(x, v128.load(at, 16), s1);
      at += 32;
    }
    v128.store(out, s0);
    v128.store(out, s1, 16);
    return;
  }
  for (let j = 0; j < width; j++) {
    const to = out + (<usize>j << 2);
    let sum = first ? f32x4.splat(0) : v128.load32_zero(to);
    let at = panel + (<usize>j << 2);
    for (let i: usize = 0; i < bytes; i += 4) {
      // Rounded as the other columns are.
      sum = madd(v128.load32_zero(left + i), v128.load32_zero(at), sum);
      at += 32;
    }
    v128.store_lane<f32>(to, sum, 0);
  }
}

/** Writes strips from..to of 16 rows of a [rows, columns] as columns of out [columns, rows]. */
export function transpose(from: i32, to: i32, a: usize, rows: i32, columns: i32, out: usize): void {
  for (let strip = from; strip < to; strip++) {
    const rowStart = strip * 16;
    const rowEnd = min(rows, rowStart + 16);
    for (let column = 0; column < columns; column += 4) {
      let row = rowStart;
      if (column + 4 <= columns) {
        for (; row + 4 <= rowEnd; row += 4) transposeFour(a, out, row, column, rows, columns);
      }
      for (; row < rowEnd; row++) {
        for (let j = column; j < min(columns, column + 4); j++) {
          const value = load<f32>(a + ((<usize>row * <usize>columns + <usize>j) << 2));
          store<f32>(out + ((<usize>j * <usize>rows + <usize>row) << 2), value);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function transposeFour(a: usize, out: usize, row: i32, column: i32, rows: i32, columns: i32): void {
  const aRow = <usize>columns << 2;
  const outRow = <usize>rows << 2;
  const source = a + <usize>row * aRow + (<usize>column << 2);
  const to = out + <usize>column * outRow + (<usize>row << 2);
  const r0 = v128.load(source);
  const r1 = v128.load(source + aRow);
  const r2 = v128.load(source + 2 * aRow);
  const r3 = v128.load(source + 3 * aRow);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + outRow, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * outRow, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * outRow, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}
