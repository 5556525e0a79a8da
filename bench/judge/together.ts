/** Two ways to do the same for items. */
export interface Ways<Item, Result> {
  /** For several at once: the results in the order of the items. Null: there is no such way. */
  atOnce: ((items: readonly Item[]) => Promise<Result[]>) | null;
  each(item: Item): Promise<Result>;
  /** Called with why `atOnce` has failed. */
  onFailed?: ((error: Error) => void) | undefined;
}

/**
 * Items that are done at once where there are several, and each by itself where that has failed: an item
 * that fails takes no other along, and one after it is not begun.
 */
export class Together<Item, Result> {
  /** What has failed once is not tried again: an encoder of an earlier version never does it. */
  #fails = false;

  constructor(private readonly ways: Ways<Item, Result>) {}

  /** Yields the results in the order of the items. @throws what an item that fails by itself has thrown */
  async *results(items: readonly Item[]): AsyncGenerator<Result> {
    const { each } = this.ways;
    const all = items.length > 1 && !this.#fails ? await this.#atOnce(items) : null;
    if (all) yield* all;
    else for (const item of items) yield await each(item);
  }

  async #atOnce(items: readonly Item[]): Promise<Result[] | null> {
    const { atOnce, onFailed } = this.ways;
    try {
      return (await atOnce?.(items)) ?? null;
    } catch (error) {
      this.#fails = true;
      onFailed?.(error as Error);
      return null;
    }
  }
}
