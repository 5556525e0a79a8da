import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import type { BetaMessage, BetaToolResultBlockParam } from '@anthropic-ai/sdk/resources/beta';
import type { MessagesClient } from './connect/client.ts';
import type { CutCall } from './meter.ts';
import type { request } from './request.ts';
import type { Watchdog } from './watchdog.ts';

/** The result of one call. */
export type Heard =
  | { kind: 'whole'; message: BetaMessage; results: BetaToolResultBlockParam[] | null }
  /** A whole reply whose tools were aborted by the signal. */
  | { kind: 'aborted' }
  | { kind: 'cut'; cut: CutCall; error: unknown };

interface Watch {
  watchdog: Watchdog;
  signal: AbortSignal;
  /** Called with a whole reply, before its tools are run. */
  onWhole(message: BetaMessage, seconds: number): void;
  /** Called once, when a server-side tool is used. */
  onSearch(): void;
}

/**
 * Makes one call with the SDK's tool runner, and runs the tools that its reply asks for. Errors of the
 * network or the server are returned, with the part of the reply that was received.
 */
export async function makeTurn(
  client: MessagesClient,
  params: ReturnType<typeof request>,
  { watchdog, signal, onWhole, onSearch }: Watch,
): Promise<Heard> {
  const started = performance.now();
  // The SDK emits no event for a ping.
  let lastEvent = started;
  let partial: BetaMessage | undefined;
  let whole: BetaMessage | null = null;
  let closed = started;
  let searched = false;
  watchdog.begin();
  try {
    const runner = client.beta.messages.toolRunner(params, { signal });
    for await (const stream of runner) {
      watchdog.start(() => stream.abort());
      stream.on('streamEvent', (event) => {
        lastEvent = performance.now();
        if (searched || event.type !== 'content_block_start') return;
        searched = event.content_block.type === 'server_tool_use';
        if (searched) onSearch();
      });
      whole = await stream.finalMessage().catch(() => null);
      closed = performance.now();
      watchdog.stop();
      if (!whole) {
        partial = stream.currentMessage;
        continue; // The runner now throws the error, which is caught below.
      }
      onWhole(whole, (closed - started) / 1000);
      const response = whole.stop_reason === 'tool_use' ? await runner.generateToolResponse(signal) : null;
      const results = response ? (response.content as BetaToolResultBlockParam[]) : null;
      return { kind: 'whole', message: whole, results };
    }
    throw new Error('the server gave no message');
  } catch (error) {
    watchdog.stop();
    // A tool's own error is a tool result. Any other error after a whole reply is thrown on, unless the
    // signal caused it.
    if (whole && signal.aborted) return { kind: 'aborted' };
    if (whole) throw error;
    const end = Math.max(closed, lastEvent);
    const silentSeconds = (end - lastEvent) / 1000;
    const ended = error instanceof APIError && !(error instanceof APIConnectionError) && error.type !== null;
    const cut = { partial, sent: watchdog.sent, ended, seconds: (end - started) / 1000, silentSeconds };
    return { kind: 'cut', cut, error };
  }
}
