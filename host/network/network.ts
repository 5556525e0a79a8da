import {
  Agent,
  DecoratorHandler,
  type Dispatcher,
  EnvHttpProxyAgent,
  Pool,
  fetch as undiciFetch,
} from 'undici';
import { isLoopback } from './loopback.ts';
import { type Proxies, proxiesOf } from './proxies.ts';

/**
 * Turns off both timeouts of undici. A model that thinks can be silent for longer than their five minutes,
 * before the headers as well as within the body; the caller decides how long to wait.
 */
const PATIENT = { headersTimeout: 0, bodyTimeout: 0 } as const;

export interface Network {
  fetch: typeof globalThis.fetch;
  /** Which proxy is used, or why one is not, for the user. */
  notes: string[];
}

/**
 * A fetch that goes through the proxies of the environment. It is undici's own, because Node's fetch accepts
 * no dispatcher of another copy of undici; the types are compatible.
 * @throws UserError for a proxy that is no http or https address.
 */
export function networkOf(env: NodeJS.ProcessEnv = process.env): Network {
  const { proxies, notes } = proxiesOf(env);
  const dispatcher = dispatcherFor(proxies);
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const [url, rest] = input instanceof Request ? [input.url, await partsOf(input)] : [input, {}];
    const watched = watchStart(dispatcher);
    const options = { ...rest, ...init, dispatcher: watched.dispatcher } as Parameters<typeof undiciFetch>[1];
    try {
      return (await undiciFetch(url, options)) as unknown as Response;
    } catch (error) {
      // Without a connection (unknown name, no server, no proxy, no trusted certificate) nobody can have read
      // the request.
      if (error instanceof Error && !watched.started()) Object.assign(error, { neverSent: true });
      throw error;
    }
  };
  return { fetch, notes };
}

/** undici's types do not declare the methods of DecoratorHandler. */
const Handler = DecoratorHandler as unknown as new (
  inner: Dispatcher.DispatchHandler,
) => Dispatcher.DispatchHandler;

/**
 * Wraps a dispatcher to record whether a request was written to an open connection, through whatever proxy.
 */
function watchStart(dispatcher: Dispatcher): { dispatcher: Dispatcher; started(): boolean } {
  let started = false;
  class Watched extends Handler {
    override onRequestStart(controller: Dispatcher.DispatchController, context: object): void {
      started = true;
      super.onRequestStart?.(controller, context);
    }
  }
  const composed = dispatcher.compose(
    (dispatch) => (options, handler) => dispatch(options, new Watched(handler)),
  );
  return { dispatcher: composed, started: () => started };
}

/**
 * A dispatcher that uses the proxies, but never for loopback. This is checked here for each hop: NO_PROXY
 * cannot express 127.0.0.0/8, and users should not have to set it for that.
 */
function dispatcherFor({ https, http, none }: Proxies): Dispatcher {
  const direct = new Agent(PATIENT);
  // Empty strings: for undefined, undici would read the environment of the process.
  const proxied = new EnvHttpProxyAgent({
    ...PATIENT,
    httpsProxy: https,
    httpProxy: http,
    noProxy: none,
    clientFactory: proxyClient,
  });
  return proxied.compose((dispatch) => (options, handler) => {
    const host = options.origin ? new URL(options.origin).hostname : '';
    return isLoopback(host) ? direct.dispatch(options, handler) : dispatch(options, handler);
  });
}

/**
 * The connections to a proxy itself. Where a proxy hangs up on CONNECT, undici 7 tries the connection again,
 * thousands of times a second and without end, even after the call was aborted. An error of another kind ends
 * the call.
 */
function proxyClient(origin: URL, options: object): Dispatcher {
  const pool = new Pool(origin, options);
  const open: (to: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData> = pool.connect.bind(pool);
  const connect = async (to: Dispatcher.ConnectOptions) => {
    try {
      return await open(to);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`the proxy ${origin.host} did not open a connection: ${why}`, { cause: error });
    }
  };
  return Object.assign(pool, { connect });
}

async function partsOf(request: Request): Promise<RequestInit> {
  const { method, headers, signal } = request;
  const body = request.body ? await request.arrayBuffer() : undefined;
  return { method, headers, signal, body };
}
