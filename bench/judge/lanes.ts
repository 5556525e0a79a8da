/**
 * Does `work` for each item, for at most `lanes` of them at a time, and yields the results in the order of
 * the items. `lane` is one that no other work is in. @throws what the first item that failed has thrown,
 * after the results before it; then no further work begins, and what has begun is waited for
 */
export async function* inLanes<Item, Result>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item, lane: number) => Promise<Result>,
): AsyncGenerator<Result> {
  const free = Array.from({ length: lanes }, (_, lane) => lane);
  const underWay: Promise<Result>[] = [];
  let next = 0;
  const begin = (): void => {
    while (next < items.length && free.length > 0) {
      const lane = free.shift() as number;
      const result = work(items[next++], lane).finally(() => free.push(lane));
      // Its error is thrown in its turn.
      result.catch(() => {});
      underWay.push(result);
    }
  };
  try {
    for (begin(); underWay.length > 0; begin()) yield await (underWay.shift() as Promise<Result>);
  } finally {
    await Promise.allSettled(underWay);
  }
}
