import { Columns, type Costs } from './columns.ts';
import { Nearest } from './nearest.ts';

/** Cheapest columns of a row that a search looks at first. */
const CANDIDATES = 64;
/** Rows of a search whose columns are all looked at one by one, before it goes on without a heap. */
const MOST_ROWS = 4;
/** Marks a column that the search has reached, in place of its distance. */
const REACHED = Number.NEGATIVE_INFINITY;
const FAR = Number.POSITIVE_INFINITY;

/** An assignment in the making, and the shortest augmenting paths by which it grows. */
export class Search {
  readonly columns: Columns;
  readonly placeOf: Int32Array;
  private readonly candidates: Int32Array[];
  // Potentials of rows, and of taken columns by place. A free column has 0, a taken one at most 0: a path
  // through a column is at least its cost.
  private readonly u: Float64Array;
  private readonly v: Float64Array;
  /** By place of a taken column: its row. */
  private readonly rowAt: Int32Array;
  // Of a search: by place the distance and the row before it, by row its own distance.
  private readonly distance: Float64Array;
  private readonly from: Int32Array;
  private readonly lengthOf: Float64Array;
  private readonly nearest = new Nearest();
  private reached: number[] = [];
  /** Rows whose candidates alone were looked at. */
  private readonly partly = new Set<number>();
  /** Whether the last search went through many columns: then the next one begins without candidates. */
  private isCrowded = false;
  private end = -1;
  private endFrom = -1;
  private endLength = FAR;

  constructor(
    private readonly cost: Costs,
    private readonly n: number,
    private readonly m: number,
  ) {
    this.columns = new Columns(cost, n, m);
    this.placeOf = new Int32Array(n).fill(-1);
    this.candidates = Array.from({ length: n }, (_, row) => this.columns.cheapest(row, CANDIDATES, false));
    this.u = new Float64Array(n);
    this.v = new Float64Array(n);
    this.rowAt = new Int32Array(n);
    this.distance = new Float64Array(n);
    this.from = new Int32Array(n);
    this.lengthOf = new Float64Array(n);
  }

  /** Gives each row its cheapest column, the first that wants it. */
  begin(): void {
    const { columns, cost, m } = this;
    for (let row = 0; row < this.n; row++) {
      const [column] = this.candidates[row];
      if (column === undefined) throw new Error('assignment: a cost is not finite');
      const place = columns.placeOf[column];
      this.u[row] = cost[row * m + column];
      if (place >= columns.taken) this.give(columns.take(place), row);
    }
  }

  /** Dijkstra on reduced costs, from this row through taken columns to the nearest free one. */
  assign(start: number): void {
    const { u, v, rowAt, from, placeOf, distance, lengthOf, nearest, partly, columns } = this;
    distance.fill(FAR, 0, columns.taken);
    nearest.clear();
    partly.clear();
    this.reached = [];
    this.end = -1;
    this.endLength = FAR;
    if (this.isCrowded) {
      this.visit(start, 0);
      partly.add(start);
      this.goOnWithoutHeap();
    } else this.scan(start, 0);
    let scanned = 0;
    while (nearest.least < this.endLength) {
      const length = nearest.least;
      const place = nearest.take();
      if (place < 0) {
        if (++scanned > MOST_ROWS) {
          this.goOnWithoutHeap();
          break;
        }
        partly.delete(~place);
        this.scanAll(~place);
      } else if (distance[place] === length) {
        this.reach(place);
        this.scan(rowAt[place], length);
      }
    }
    this.isCrowded = this.reached.length > CANDIDATES;
    const { end, endLength } = this;
    if (end < 0) throw new Error('assignment: a cost is not finite');
    u[start] += endLength;
    for (const place of this.reached) {
      const rest = endLength - lengthOf[rowAt[place]];
      u[rowAt[place]] += rest;
      v[place] -= rest;
    }
    for (let [place, row] = [columns.take(end), this.endFrom]; ; row = from[place]) {
      const before = placeOf[row];
      this.give(place, row);
      if (row === start) break;
      place = before;
    }
  }

  private give(place: number, row: number): void {
    this.rowAt[place] = row;
    this.placeOf[row] = place;
  }

  private reach(place: number): void {
    this.distance[place] = REACHED;
    this.reached.push(place);
  }

  /** Notes the distance of a row, and a path from it to its cheapest free column. */
  private visit(row: number, length: number): void {
    this.lengthOf[row] = length;
    const free = this.columns.cheapestFree(row);
    if (free < 0) return;
    const through = length - this.u[row] + this.cost[row * this.m + this.columns.at[free]];
    if (!(through < this.endLength)) return;
    this.endLength = through;
    this.end = free;
    this.endFrom = row;
  }

  /** Goes from a row at this distance to its candidates, the cheapest first. */
  private scan(row: number, length: number): void {
    this.visit(row, length);
    const { cost, v, columns, distance, from, nearest } = this;
    const at = row * this.m;
    const offset = length - this.u[row];
    let far = 0;
    for (const column of this.candidates[row]) {
      const place = columns.placeOf[column];
      far = offset + cost[at + column];
      if (far >= this.endLength) return;
      if (place >= columns.taken) continue;
      const through = far - v[place];
      if (!(through < distance[place]) || through >= this.endLength) continue;
      distance[place] = through;
      from[place] = row;
      nearest.add(through, place);
    }
    // The other columns are no nearer than the last candidate. They are looked at if that is near enough.
    nearest.add(far, ~row);
    this.partly.add(row);
  }

  /** Goes from a row to all taken columns; notes those that have become nearer. */
  private scanAll(row: number): void {
    const { v, distance, from, nearest, endLength, columns } = this;
    const cost = columns.costsOfTaken(row);
    const offset = this.lengthOf[row] - this.u[row];
    for (let k = 0; k < columns.taken; k++) {
      const through = offset + cost[k] - v[k];
      if (!(through < distance[k]) || through >= endLength) continue;
      distance[k] = through;
      from[k] = row;
      nearest.add(through, k);
    }
  }

  /** The same search where many rows have to be scanned: the nearest is found as columns are looked at. */
  private goOnWithoutHeap(): void {
    const { v, distance, from, columns, rowAt, lengthOf, u } = this;
    const { taken } = columns;
    const scan = (row: number): number => {
      const cost = columns.costsOfTaken(row);
      const offset = lengthOf[row] - u[row];
      let least = this.endLength;
      let pick = -1;
      for (let k = 0; k < taken; k++) {
        const through = offset + cost[k] - v[k];
        if (through < distance[k]) {
          distance[k] = through;
          from[k] = row;
        }
        if (distance[k] < least && distance[k] > REACHED) {
          least = distance[k];
          pick = k;
        }
      }
      return pick;
    };
    let pick = -1;
    for (const row of this.partly) pick = scan(row);
    while (pick >= 0) {
      const row = rowAt[pick];
      const length = distance[pick];
      this.reach(pick);
      this.visit(row, length);
      pick = scan(row);
    }
  }
}
