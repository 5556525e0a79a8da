/** A binary heap of numbers, each at a distance: the nearest is taken first. */
export class Nearest {
  private readonly distances: number[] = [];
  private readonly values: number[] = [];

  /** The least distance; infinite where it is empty. */
  get least(): number {
    return this.distances.length > 0 ? this.distances[0] : Number.POSITIVE_INFINITY;
  }

  add(distance: number, value: number): void {
    const { distances, values } = this;
    let at = distances.length;
    for (let parent = (at - 1) >> 1; at > 0 && distances[parent] > distance; parent = (at - 1) >> 1) {
      distances[at] = distances[parent];
      values[at] = values[parent];
      at = parent;
    }
    distances[at] = distance;
    values[at] = value;
  }

  /** Takes the nearest out; there must be one. */
  take(): number {
    const { distances, values } = this;
    const [nearest] = values;
    const [distance, value] = [distances.pop() as number, values.pop() as number];
    const count = distances.length;
    if (count === 0) return nearest;
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && distances[child + 1] < distances[child]) child++;
      if (distances[child] >= distance) break;
      distances[at] = distances[child];
      values[at] = values[child];
      at = child;
    }
    distances[at] = distance;
    values[at] = value;
    return nearest;
  }

  clear(): void {
    this.distances.length = 0;
    this.values.length = 0;
  }
}
