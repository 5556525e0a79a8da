import { expect, it } from 'vitest';
import { Together } from './together.ts';

async function collected<T>(results: AsyncGenerator<T>, into: T[] = []): Promise<T[]> {
  for await (const result of results) into.push(result);
  return into;
}

/** What is done with numbers: they become tens. `fails`: those that fail by themselves, and with others. */
function tens({ fails = [] as number[], knows = true, hasWay = true } = {}) {
  const done: string[] = [];
  const each = async (item: number) => {
    done.push(`${item}`);
    if (fails.includes(item)) throw new Error(`${item} fails`);
    return 10 * item;
  };
  const atOnce = async (items: readonly number[]) => {
    done.push(items.join('+'));
    if (!knows) throw new Error('never heard of it');
    const failing = items.find((item) => fails.includes(item));
    if (failing !== undefined) throw new Error(`${failing} fails`);
    return items.map((item) => 10 * item);
  };
  const onFailed = ({ message }: Error) => done.push(`not at once: ${message}`);
  return { done, together: new Together({ each, atOnce: hasWay ? atOnce : null, onFailed }) };
}

it('does several at once, and one by itself', async () => {
  const { done, together } = tens();
  expect(await collected(together.results([1, 2, 3]))).toEqual([10, 20, 30]);
  expect(await collected(together.results([4]))).toEqual([40]);
  expect(await collected(together.results([]))).toEqual([]);
  expect(done).toEqual(['1+2+3', '4']);
});

it('does each by itself where there is no other way', async () => {
  const { done, together } = tens({ hasWay: false });
  expect(await collected(together.results([1, 2]))).toEqual([10, 20]);
  expect(done).toEqual(['1', '2']);
});

it('does each by itself where all at once have failed, and does not try that again', async () => {
  const { done, together } = tens({ knows: false });
  expect(await collected(together.results([1, 2]))).toEqual([10, 20]);
  expect(await collected(together.results([3, 4]))).toEqual([30, 40]);
  expect(done).toEqual(['1+2', 'not at once: never heard of it', '1', '2', '3', '4']);
});

it('gives what comes before an item that fails, and begins none after it', async () => {
  const { done, together } = tens({ fails: [2] });
  const got: number[] = [];
  await expect(collected(together.results([1, 2, 3]), got)).rejects.toThrow('2 fails');
  expect(got).toEqual([10]);
  expect(done).toEqual(['1+2+3', 'not at once: 2 fails', '1', '2']);
});
