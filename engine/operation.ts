/**
 * The forms of every named operation. `kernels` are the engine's own, over numbers in the memory of this
 * process. `device` are its kernels for an OpenCL device. `plain` is plain tfjs: it is the definition, and it
 * runs on the other devices.
 */
export type Form = 'kernels' | 'device' | 'plain';

let form: Form = 'kernels';
let spent: Map<string, number> | null = null;

/**
 * Sets the form of all operations from now on; `openBackend` calls it with the form that its backend needs.
 */
export function useForm(wanted: Form): void {
  form = wanted;
}

export const currentForm = (): Form => form;

/**
 * A named operation: runs the function of the current form, and records its time inside `timeOperations`.
 * `check` throws for operands that do not fit together, in any form.
 */
export function operation<Args extends unknown[], Result>(
  name: string,
  forms: Record<Form, (...args: Args) => Result>,
  check: (name: string, args: Args) => void = () => {},
): (...args: Args) => Result {
  return (...args) => {
    check(name, args);
    const run = forms[form];
    if (!spent) return run(...args);
    const started = performance.now();
    const result = run(...args);
    spent.set(name, (spent.get(name) ?? 0) + performance.now() - started);
    return result;
  };
}

/**
 * Milliseconds that `work` spends in each named operation in the forward pass. Devices may still compute
 * after that time.
 */
export function timeOperations<T>(work: () => T): { result: T; ms: Record<string, number> } {
  spent = new Map();
  try {
    const result = work();
    return { result, ms: Object.fromEntries(spent) };
  } finally {
    spent = null;
  }
}
