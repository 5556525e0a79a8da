/**
 * Finds the cheapest assignment of every row to a column of its own (rows <= columns; else of every column
 * to a row), exactly. Returns the column of each row, -1 for a row left over. `cost` is overwritten: its
 * columns change places. The method is shortest augmenting paths with dual potentials; a greedy start on
 * each row's cheapest column saves most of them. Source: D. F. Crouse, On implementing 2D rectangular
 * assignment algorithms (IEEE TAES 52, 2016), after R. Jonker and A. Volgenant (Computing 38, 1987).
 */
export function assign(cost: Float32Array | Float64Array, rows: number, columns: number): Int32Array {
  if (rows <= columns) return assignRows(cost, rows, columns);
  const turned = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = cost[i * columns + j];
  const rowOf = assignRows(turned, columns, rows);
  const out = new Int32Array(rows).fill(-1);
  rowOf.forEach((row, column) => {
    out[row] = column;
  });
  return out;
}

function assignRows(cost: Float32Array | Float64Array, n: number, m: number): Int32Array {
  const columns = new Columns(cost, n, m);
  const placeOf = new Int32Array(n).fill(-1);
  const u = new Float64Array(n);
  // By place of a taken column: its row and its potential. A free column has potential 0.
  const rowAt = new Int32Array(n);
  const v = new Float64Array(n);
  const give = (place: number, row: number): void => {
    rowAt[place] = row;
    placeOf[row] = place;
  };
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let j = 1; j < m; j++) if (cost[i * m + j] < cost[i * m + best]) best = j;
    u[i] = cost[i * m + best];
    if (best >= columns.taken) give(columns.take(best), i);
  }
  const distance = new Float64Array(n);
  const from = new Int32Array(n);
  const reached = new Int32Array(n);
  const lengths = new Float64Array(n);
  for (let start = 0; start < n; start++) {
    if (placeOf[start] >= 0) continue;
    // Dijkstra on reduced costs, from this row through taken columns to the nearest free one.
    distance.fill(Number.POSITIVE_INFINITY, 0, columns.taken);
    let steps = 0;
    let row = start;
    let length = 0;
    let end = -1;
    let endFrom = -1;
    let endLength = Number.POSITIVE_INFINITY;
    for (;;) {
      const at = row * m;
      const offset = length - u[row];
      const free = columns.cheapestFree(row);
      if (offset + cost[at + free] < endLength) {
        endLength = offset + cost[at + free];
        end = free;
        endFrom = row;
      }
      let nearest = endLength;
      let pick = -1;
      for (let k = 0; k < columns.taken; k++) {
        const through = offset + cost[at + k] - v[k];
        if (through < distance[k]) {
          distance[k] = through;
          from[k] = row;
        }
        if (distance[k] < nearest && distance[k] > REACHED) {
          nearest = distance[k];
          pick = k;
        }
      }
      if (pick < 0) break;
      reached[steps] = pick;
      lengths[steps++] = nearest;
      distance[pick] = REACHED;
      length = nearest;
      row = rowAt[pick];
    }
    if (end < 0) throw new Error('assignment: a cost is not finite');
    u[start] += endLength;
    for (let k = 0; k < steps; k++) {
      u[rowAt[reached[k]]] += endLength - lengths[k];
      v[reached[k]] -= endLength - lengths[k];
    }
    for (let [place, i] = [columns.take(end), endFrom]; ; i = from[place]) {
      const previous = placeOf[i];
      give(place, i);
      if (i === start) break;
      place = previous;
    }
  }
  return placeOf.map((place) => columns.at[place]);
}

/** Marks a column that the search has reached, in place of its distance. */
const REACHED = Number.NEGATIVE_INFINITY;
/** Free columns that are remembered for each row, so that one scan answers up to this many searches. */
const KEPT = 32;

/**
 * The columns of a cost table, with the taken ones in the first places. A search reads these side by side,
 * which takes most of its time. Taken columns never become free again.
 */
class Columns {
  /** Number of taken columns. */
  taken = 0;
  /** By place: the column. */
  readonly at: Int32Array;
  private readonly placeOf: Int32Array;
  /**
   * By row: the columns that were free at its last scan, cheapest first, and the range of those not yet
   * used.
   */
  private readonly kept: Int32Array;
  private readonly next: Int32Array;
  private readonly end: Int32Array;

  constructor(
    private readonly cost: Float32Array | Float64Array,
    private readonly rows: number,
    private readonly count: number,
  ) {
    this.at = Int32Array.from({ length: count }, (_, j) => j);
    this.placeOf = this.at.slice();
    this.kept = new Int32Array(rows * KEPT);
    this.next = new Int32Array(rows);
    this.end = new Int32Array(rows);
  }

  /** Takes the free column at `place`: moves it behind the taken ones and returns its new place. */
  take(place: number): number {
    const { cost, rows, count, at, placeOf } = this;
    const to = this.taken++;
    for (let a = place, b = to; b < rows * count; a += count, b += count) {
      const value = cost[a];
      cost[a] = cost[b];
      cost[b] = value;
    }
    const column = at[place];
    at[place] = at[to];
    at[to] = column;
    placeOf[at[place]] = place;
    placeOf[column] = to;
    return to;
  }

  /** The place of a row's cheapest free column. */
  cheapestFree(row: number): number {
    const { kept, next, end, placeOf } = this;
    while (next[row] < end[row] && placeOf[kept[row * KEPT + next[row]]] < this.taken) next[row]++;
    if (next[row] === end[row]) this.look(row);
    return placeOf[kept[row * KEPT + next[row]]];
  }

  private look(row: number): void {
    const { cost, count, kept, at, placeOf } = this;
    const start = row * count;
    const first = row * KEPT;
    let found = 0;
    let worst = Number.POSITIVE_INFINITY;
    for (let place = this.taken; place < count; place++) {
      const c = cost[start + place];
      if (!(c < worst)) continue;
      if (found < KEPT) found++;
      let k = first + found - 1;
      for (; k > first && cost[start + placeOf[kept[k - 1]]] > c; k--) kept[k] = kept[k - 1];
      kept[k] = at[place];
      if (found === KEPT) worst = cost[start + placeOf[kept[first + KEPT - 1]]];
    }
    this.next[row] = 0;
    this.end[row] = found;
  }
}
