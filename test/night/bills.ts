import { charged } from '#agent/researcher/fixtures/books';
import type { Bill } from '#replay/bill';
import type { Iteration } from '#replay/rules/usage';

/** The number of the sprint that a request belongs to, as its prompt tells it. */
export const sprintOf = (request: { messages: unknown }): number =>
  Number(/# Sprint (\d+)/.exec(JSON.stringify(request.messages))?.[1]);

/** What the server charged, at the API's prices and independent of the loop's own accounts. */
export class Bills {
  /** The index of the loop that is running, from 0. */
  loop = 0;
  readonly problems: string[] = [];
  readonly #all: { loop: number; sprint: number; usd: number }[] = [];
  /** The tokens that the last request of each sprint left in the cache. */
  readonly #stored = new Map<number, { n: number; model: string; tokens: number }>();

  readonly add = ({ request, usage, n }: Bill): void => {
    const sprint = sprintOf(request);
    this.#all.push({ loop: this.loop, sprint, usd: charged(request.model, usage) });
    const readings = (usage.iterations as Iteration[]).filter(({ type }) => type === 'message');
    this.#checkCache(sprint, request.model, n, readings[0]);
  };

  /**
   * Each request of a conversation must read from the cache all that the one before it had read or stored:
   * nothing of that changed, and a cache mark finds it.
   */
  #checkCache(sprint: number, model: string, n: number, reading: Iteration): void {
    const before = this.#stored.get(sprint);
    const read = reading.cache_read_input_tokens;
    if (before?.model === model && before.n < n && read < before.tokens)
      this.problems.push(`sprint ${sprint}: a call read ${read} tokens from the cache, of ${before.tokens}`);
    this.#stored.set(sprint, { n, model, tokens: read + reading.cache_creation_input_tokens });
  }

  ofSprint = (sprint: number): number => this.#sum((bill) => bill.sprint === sprint);
  ofLoop = (loop: number): number => this.#sum((bill) => bill.loop === loop);

  #sum(fits: (bill: { loop: number; sprint: number }) => boolean): number {
    return this.#all.filter(fits).reduce((sum, { usd }) => sum + usd, 0);
  }
}
