/**
 * The callbacks in which Dawn's binding for Node checks whether a device has answered. The binding passes
 * them to setImmediate, so a promise settles only once JavaScript is back in its event loop. They are kept
 * here so that a function that must wait synchronously can run them itself.
 */
const pending = new Set<() => void>();
let waiting = false;
let background = false;
let laterOf: ((run: () => void) => NodeJS.Immediate) | null = null;

/**
 * Replaces setImmediate to collect those callbacks. Call it before the binding is created; the binding looks
 * up setImmediate whenever it needs it.
 */
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

/**
 * From now on an idle device does not keep the process alive: code that needs the device waits by
 * `waitWhile`.
 */
export function letProcessEnd(): void {
  background = true;
}

/** Runs the device's callbacks until `busy` is false. @throws Error if it is true and no callback is left. */
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
 * Whether a function comes from a native addon. Those have a prototype; promise resolvers and bound functions
 * are native too and have none.
 */
const isOfAnAddon = (run: object): run is () => void =>
  Object.hasOwn(run, 'prototype') && Function.prototype.toString.call(run).includes('[native code]');
