export type Costs = Float32Array | Float64Array;

/** Free columns that are remembered for each row, so that one scan answers up to this many searches. */
const KEPT = 32;

/** The columns of a cost table, with the taken ones in the first places. These never become free again. */
export class Columns {
  /** Number of taken columns. */
  taken = 0;
  /** By place: the column. */
  readonly at: Int32Array;
  /** By column: its place. */
  readonly placeOf: Int32Array;
  /** By row: the columns that were free at its last scan, cheapest first, and how many of them were used. */
  private readonly kept: Int32Array[];
  private readonly next: Int32Array;
  /** By row: its costs by place, of the first columns that were taken, to be read side by side. */
  private readonly byPlace: Costs[] = [];
  private readonly known: Int32Array;

  constructor(
    private readonly cost: Costs,
    private readonly rows: number,
    private readonly count: number,
  ) {
    this.at = Int32Array.from({ length: count }, (_, j) => j);
    this.placeOf = this.at.slice();
    this.kept = Array.from({ length: rows }, () => new Int32Array(0));
    this.next = new Int32Array(rows);
    this.known = new Int32Array(rows);
  }

  /** A row's costs of the taken columns, by place. */
  costsOfTaken(row: number): Costs {
    const { cost, count, at, byPlace, known, taken } = this;
    byPlace[row] ??= cost instanceof Float32Array ? new Float32Array(this.rows) : new Float64Array(this.rows);
    const own = byPlace[row];
    for (; known[row] < taken; known[row]++) own[known[row]] = cost[row * count + at[known[row]]];
    return own;
  }

  /** Takes the free column at `place`: moves it behind the taken ones and returns its new place. */
  take(place: number): number {
    const { at, placeOf } = this;
    const to = this.taken++;
    const column = at[place];
    at[place] = at[to];
    at[to] = column;
    placeOf[at[place]] = place;
    placeOf[column] = to;
    return to;
  }

  /** The cheapest columns of a row, the cheapest first; those alone that are free. */
  cheapest(row: number, most: number, areFree: boolean): Int32Array {
    const { cost, count, placeOf, taken } = this;
    const start = row * count;
    const found = new Int32Array(most);
    let length = 0;
    let worst = Number.POSITIVE_INFINITY;
    for (let column = 0; column < count; column++) {
      const own = cost[start + column];
      if (!(own < worst) || (areFree && placeOf[column] < taken)) continue;
      if (length < most) length++;
      let k = length - 1;
      for (; k > 0 && cost[start + found[k - 1]] > own; k--) found[k] = found[k - 1];
      found[k] = column;
      if (length === most) worst = cost[start + found[most - 1]];
    }
    return found.slice(0, length);
  }

  /** The place of a row's cheapest free column; -1 if no cost is finite. */
  cheapestFree(row: number): number {
    const { kept, next, placeOf } = this;
    while (next[row] < kept[row].length && placeOf[kept[row][next[row]]] < this.taken) next[row]++;
    if (next[row] === kept[row].length) {
      kept[row] = this.cheapest(row, KEPT, true);
      next[row] = 0;
    }
    return placeOf[kept[row][next[row]]] ?? -1;
  }
}
