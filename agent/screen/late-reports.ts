/** Reports that are made while the loop goes on, one after the other. */
export class LateReports {
  #made: Promise<void> = Promise.resolve();

  /** Begins one after those before it. */
  add(make: () => Promise<void>): void {
    this.#made = this.#made.then(make);
    // `made` throws it.
    this.#made.catch(() => {});
  }

  /** Resolves when all are there. @throws what the first one that failed has thrown */
  made(): Promise<void> {
    return this.#made;
  }
}
