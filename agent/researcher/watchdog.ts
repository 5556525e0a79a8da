/**
 * Ends a stream that has fallen silent. The SDK's timeout covers headers only, so life is seen at the socket: every chunk of a
 * response (pings included) counts. `onStall` is called once when nothing has come for `stallMs`.
 */
export class Watchdog {
  #timer: NodeJS.Timeout | undefined;
  stalled = false;

  constructor(readonly stallMs: number) {}

  /** Starts to watch one turn. */
  start(onStall: () => void): void {
    this.stop();
    this.stalled = false;
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

  /** A fetch for the SDK's client whose answers are watched. */
  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
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
