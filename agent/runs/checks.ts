import { setTimeout as sleep } from 'node:timers/promises';
import { checkTree, type LoopParts } from './check.ts';

/**
 * How long a check that has begun ahead, in the background, may still take alone when its result is asked
 * for. Then a second one begins, with the priority of other work: on cores that are taken the first gets no
 * time.
 */
const PATIENCE_MS = 1500;
const patience = (): Promise<null> => sleep(PATIENCE_MS, null, { ref: false });

/**
 * Checks of trees. One may begin while a run of the tree trains, so that its verdict need not wait for it.
 */
export class Checks {
  readonly #ahead = new Map<string, { passes: Promise<boolean>; end: AbortController }>();

  constructor(
    private readonly loop: LoopParts,
    private readonly check = checkTree,
    private readonly out: () => Promise<null> = patience,
  ) {}

  /** Begins to check a tree, on what its run leaves of the cores. It ends where that run does not finish. */
  ahead(tree: string, run: Promise<{ status: string }>): void {
    if (this.#ahead.has(tree)) return;
    const end = new AbortController();
    const passes = this.check(this.loop, tree, { background: true, signal: end.signal }).then(
      (failed) => failed === null,
      () => false,
    );
    this.#ahead.set(tree, { passes, end });
    const drop = () => this.#drop(tree);
    void run.then(({ status }) => status === 'finished' || drop(), drop);
  }

  /**
   * Null where the check of a tree passes, otherwise why not. One that began ahead counts only where it
   * passes: what runs beside it may have made it fail.
   */
  async of(tree: string): Promise<string | null> {
    const begun = this.#ahead.get(tree);
    if (begun && (await Promise.race([begun.passes, this.out()]))) return null;
    if (!begun) return this.check(this.loop, tree);
    const end = new AbortController();
    const again = this.check(this.loop, tree, { signal: end.signal });
    try {
      // The result of the second one, or sooner a pass of the first.
      return await Promise.race([again, begun.passes.then((passes) => (passes ? null : again))]);
    } finally {
      end.abort();
      this.#drop(tree);
    }
  }

  /** Ends what has begun ahead. */
  end(): void {
    for (const tree of [...this.#ahead.keys()]) this.#drop(tree);
  }

  #drop(tree: string): void {
    this.#ahead.get(tree)?.end.abort();
    this.#ahead.delete(tree);
  }
}
