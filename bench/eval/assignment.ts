import type { Costs } from './columns.ts';
import { Search } from './shortest-paths.ts';

/**
 * Finds the cheapest assignment of every row to a column of its own (rows <= columns; else of every column
 * to a row), exactly. Returns the column of each row, -1 for a row left over. The method is shortest
 * augmenting paths with dual potentials; a greedy start on each row's cheapest column saves most of them.
 * Source: D. F. Crouse, On implementing 2D rectangular assignment algorithms (IEEE TAES 52, 2016), after R.
 * Jonker and A. Volgenant (Computing 38, 1987). A search goes through the cheapest columns of a row; all of
 * them are looked at only where a path through the others may be the shortest.
 */
export function assign(cost: Costs, rows: number, columns: number): Int32Array {
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

function assignRows(cost: Costs, n: number, m: number): Int32Array {
  const search = new Search(cost, n, m);
  search.begin();
  for (let row = 0; row < n; row++) if (search.placeOf[row] < 0) search.assign(row);
  return search.placeOf.map((place) => search.columns.at[place]);
}
