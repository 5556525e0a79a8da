import { createHmac, randomBytes } from 'node:crypto';

/** Keys of fresh rows, one for each run, in hex. A run and its encoder see neither the secret nor a key. */
export class RowKeys {
  readonly #secret = randomBytes(32);

  /** The same each time it is asked for. */
  of(run: string): string {
    return createHmac('sha256', this.#secret).update(run).digest('hex');
  }
}
