/**
 * The cheapest assignment of every row to a column of its own (rows <= columns; else of every column to a row), exact.
 * Shortest augmenting paths with dual potentials; a greedy start on each row's cheapest column saves most of them.
 * Returns the column of each row, -1 for a row left over.
 * Source: D. F. Crouse, On implementing 2D rectangular assignment algorithms (IEEE TAES 52, 2016), after R. Jonker and A. Volgenant
 * (Computing 38, 1987).
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
  const columnOf = new Int32Array(n).fill(-1);
  const rowOf = new Int32Array(m).fill(-1);
  const u = new Float64Array(n);
  const v = new Float64Array(m);
  for (let i = 0; i < n; i++) {
    let best = 0;
    const row = i * m;
    for (let j = 1; j < m; j++) if (cost[row + j] < cost[row + best]) best = j;
    u[i] = cost[row + best];
    if (rowOf[best] < 0) {
      rowOf[best] = i;
      columnOf[i] = best;
    }
  }
  const distance = new Float64Array(m);
  const from = new Int32Array(m);
  const open = new Int32Array(m);
  const reached: number[] = [];
  for (let start = 0; start < n; start++) {
    if (columnOf[start] >= 0) continue;
    // Dijkstra over columns on reduced costs, from this row to the nearest free column.
    distance.fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < m; j++) open[j] = j;
    let left = m;
    reached.length = 0;
    let row = start;
    let length = 0;
    let end = -1;
    while (end < 0) {
      const at = row * m;
      const offset = length - u[row];
      let nearest = Number.POSITIVE_INFINITY;
      let pick = -1;
      for (let k = 0; k < left; k++) {
        const j = open[k];
        const through = offset + cost[at + j] - v[j];
        if (through < distance[j]) {
          distance[j] = through;
          from[j] = row;
        }
        const d = distance[j];
        if (d < nearest || (d === nearest && rowOf[j] < 0)) {
          nearest = d;
          pick = k;
        }
      }
      if (pick < 0) throw new Error('assignment: a cost is not finite');
      const column = open[pick];
      open[pick] = open[--left];
      length = nearest;
      if (rowOf[column] < 0) end = column;
      else {
        reached.push(column);
        row = rowOf[column];
      }
    }
    u[start] += length;
    for (const column of reached) {
      u[rowOf[column]] += length - distance[column];
      v[column] -= length - distance[column];
    }
    for (let column = end; ; ) {
      const i = from[column];
      const previous = columnOf[i];
      rowOf[column] = i;
      columnOf[i] = column;
      if (i === start) break;
      column = previous;
    }
  }
  return columnOf;
}
