import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_ROWS, Order } from './order.ts';

/** The ranks at `count` positions from `from` on. */
function ranksAt(order: Order, from: number, count: number): number[] {
  const served: number[] = [];
  for (let position = from; position < from + count; ) {
    const window = order.windowAt(position);
    const ranks = window.ranks.flatMap(({ from, rows }) => Array.from({ length: rows }, (_, i) => from + i));
    const end = Math.min(from + count, window.position + window.rows);
    for (; position < end; position++) served.push(ranks[window.order[position - window.position]]);
  }
  return served;
}

const sizes = {
  rows: fc.integer({ min: 1, max: 700 }),
  window: fc.integer({ min: 1, max: 300 }),
  seed: fc.nat(),
};

describe('the order of training rows', () => {
  it('has each row once in every epoch', () => {
    fc.assert(
      fc.property(fc.record({ ...sizes, epoch: fc.nat({ max: 3 }) }), ({ rows, window, seed, epoch }) => {
        const served = ranksAt(new Order(rows, 4, seed, window), epoch * rows, rows);
        expect(served.sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, rank) => rank));
      }),
    );
  });

  it('is the same from any position on', () => {
    fc.assert(
      fc.property(fc.record({ ...sizes, from: fc.nat({ max: 2000 }) }), ({ rows, window, seed, from }) => {
        const whole = ranksAt(new Order(rows, 4, seed, window), 0, from + 50);
        expect(ranksAt(new Order(rows, 4, seed, window), from, 50)).toEqual(whole.slice(from));
      }),
    );
  });

  it('has windows of equal sizes but for one row, within the limit', () => {
    fc.assert(
      fc.property(fc.record(sizes), ({ rows, window, seed }) => {
        const order = new Order(rows, 4, seed, window);
        const found: number[] = [];
        for (let at = 0; at < rows; at += found.at(-1) ?? rows) found.push(order.windowAt(at).rows);
        expect(Math.max(...found)).toBe(order.largestWindow);
        expect(order.largestWindow).toBeLessThanOrEqual(window);
        expect(Math.min(...found)).toBeGreaterThanOrEqual(order.largestWindow - 1);
      }),
    );
  });

  it('is another one for another seed or epoch', () => {
    const order = new Order(1000, 4, 1, 300);
    const first = ranksAt(order, 0, 1000);
    expect(ranksAt(order, 1000, 1000)).not.toEqual(first);
    expect(ranksAt(new Order(1000, 4, 2, 300), 0, 1000)).not.toEqual(first);
  });

  it('keeps a window within 128 MiB and a million rows', () => {
    expect(new Order(1e9, 768 * 4, 0).largestWindow * 768 * 4).toBeLessThanOrEqual(128 << 20);
    expect(new Order(1e9, 4, 0).largestWindow).toBeLessThanOrEqual(1 << 20);
  });
});

describe('how well it mixes', () => {
  const ROWS = 400_000;
  const WINDOW = 40_000;
  const BATCH = 1000;
  const served = ranksAt(new Order(ROWS, 4, 5, WINDOW), 0, ROWS);

  it('batches are spread over the folder as in a whole shuffle, but for what chunks add', () => {
    const means = Array.from({ length: ROWS / BATCH }, (_, batch) => {
      const ranks = served.slice(batch * BATCH, (batch + 1) * BATCH);
      return ranks.reduce((sum, rank) => sum + rank, 0) / BATCH;
    });
    const sd = Math.sqrt(means.reduce((sum, mean) => sum + (mean - ROWS / 2) ** 2, 0) / means.length);
    // A window of 625 chunks has a mean of its own, with this standard deviation beside that of a batch.
    const rank = ROWS / Math.sqrt(12);
    const expected = Math.hypot(rank / Math.sqrt(BATCH), rank / Math.sqrt(WINDOW / CHUNK_ROWS));
    expect(sd / expected).toBeGreaterThan(0.75);
    expect(sd / expected).toBeLessThan(1.25);
  });

  it('a batch has about as many pairs from one chunk as its window allows: 1.6 rows of each chunk', () => {
    const counts = new Map<string, number>();
    for (const [position, rank] of served.entries()) {
      const key = `${Math.floor(position / BATCH)} ${Math.floor(rank / CHUNK_ROWS)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const pairs = [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
    const chance = (CHUNK_ROWS - 1) / (WINDOW - 1);
    const expected = (ROWS / BATCH) * ((BATCH * (BATCH - 1)) / 2) * chance;
    expect(pairs / expected).toBeGreaterThan(0.97);
    expect(pairs / expected).toBeLessThan(1.03);
  });

  it('rows served one after the other are no neighbours', () => {
    let near = 0;
    for (let at = 1; at < ROWS; at++) if (Math.abs(served[at] - served[at - 1]) < CHUNK_ROWS) near++;
    // Of one chunk by chance: 63 of 39,999 others; of the next ones some more.
    expect(near / ROWS).toBeLessThan(0.0025);
    expect(near / ROWS).toBeGreaterThan(0.001);
  });

  it('over seeds, a row is as likely in any tenth of an epoch', () => {
    const tenths = new Array(10).fill(0);
    const rows = 2000;
    for (let seed = 0; seed < 2000; seed++) {
      const at = ranksAt(new Order(rows, 4, seed, 500), 0, rows).indexOf(777);
      tenths[Math.floor((at * 10) / rows)]++;
    }
    const chi2 = tenths.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    // 9 degrees of freedom: beyond this by chance once in 1,000 choices of seeds.
    expect(chi2).toBeLessThan(27.9);
  });
});
