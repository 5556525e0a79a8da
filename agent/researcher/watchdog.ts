/**
 * Ends a stream that has fallen silent. The SDK's timeout covers headers only, so activity is observed in the
 * response body: every chunk (pings included) counts. `onStall` is called once when nothing has come for
 * `stallMs`.
 */
export class Watchdog {
  #timer: NodeJS.Timeout | undefined;
  stalled = false;
  /** Whether a request of this turn was handed to the network at all. */
  sent = false;

  constructor(readonly stallMs: number) {}

  /** A turn begins: nothing of it was sent yet. */
  begin(): void {
    this.sent = false;
    this.stalled = false;
  }

  /** Starts to watch the stream of a turn. */
  start(onStall: () => void): void {
    this.stop();
    this.#onStall = onStall;
    this.#touch();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#onStall = undefined;
  }

  #onStall: (() => void) | undefined;

  #touch(): void {
    if (!this.#onStall) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.stalled = true;
      this.#onStall?.();
    }, this.stallMs);
  }

  /** Wraps a fetch so that its responses are watched. */
  readonly around =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    async (url, init) => {
      this.sent = true;
      this.#touch();
      const response = await fetch(url, init);
      this.#touch();
      if (!response.body) return response;
      const watched = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => {
            this.#touch();
            controller.enqueue(chunk);
          },
        }),
      );
      return new Response(watched, response);
    };
}
