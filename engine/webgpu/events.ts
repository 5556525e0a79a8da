/**
 * The callbacks in which Dawn's binding for Node looks whether a device has answered. It hands them to
 * setImmediate, so that a promise settles only when JavaScript is back in its event loop. Kept at hand, they
 * let someone who has to wait inside a function run them himself.
 */
const pending = new Set<() => void>();
let waiting = false;
let background = false;
let laterOf: ((run: () => void) => NodeJS.Immediate) | null = null;

/** Before the binding is created: it looks up setImmediate whenever it needs it. */
export function catchDeviceEvents(): void {
  if (laterOf) return;
  const own = globalThis.setImmediate;
  laterOf = own;
  const caught = (run: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate => {
    if (!isOfAnAddon(run)) return own(run, ...args);
    pending.add(run);
    return waiting ? own(() => {}) : later(run);
  };
  globalThis.setImmediate = Object.assign(caught, {
    __promisify__: own.__promisify__,
  }) as typeof setImmediate;
}

/** From now on an idle device does not keep the process alive: who waits for it, waits by `waitWhile`. */
export function letProcessEnd(): void {
  background = true;
}

/**
 * Runs the device's callbacks until `busy` is false. @throws Error when the device has nothing more to say.
 */
export function waitWhile(busy: () => boolean): void {
  waiting = true;
  try {
    while (busy()) {
      if (pending.size === 0) throw new Error('the device does not answer');
      for (const run of [...pending]) if (pending.delete(run)) run();
    }
  } finally {
    waiting = false;
    for (const run of pending) later(run);
  }
}

function later(run: () => void): NodeJS.Immediate {
  const handle = (laterOf as NonNullable<typeof laterOf>)(() => {
    if (pending.delete(run)) run();
  });
  if (background) handle.unref();
  return handle;
}

/**
 * An addon's functions have a prototype; what settles a promise, and a bound function, are native too and
 * have none.
 */
const isOfAnAddon = (run: object): run is () => void =>
  Object.hasOwn(run, 'prototype') && Function.prototype.toString.call(run).includes('[native code]');
