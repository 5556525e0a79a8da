/**
 * The two forms of every named operation: kernels of ours over numbers in this process's memory, or plain
 * tfjs, which is the definition, and what runs where the numbers lie on a device.
 */
export type Form = 'kernels' | 'plain';

let form: Form = 'kernels';
let spent: Map<string, number> | null = null;

/** The form that operations take from now on; `openBackend` sets what its backend needs. */
export function useForm(wanted: Form): void {
  form = wanted;
}

export const currentForm = (): Form => form;

/**
 * A named operation: `kernels` or `plain`, by the form in force, its time noted where someone asked. `check`
 * throws for operands that do not go together, in either form.
 */
export function operation<Args extends unknown[], Result>(
  name: string,
  kernels: (...args: Args) => Result,
  plain: (...args: Args) => Result,
  check: (name: string, args: Args) => void = () => {},
): (...args: Args) => Result {
  return (...args) => {
    check(name, args);
    const run = form === 'plain' ? plain : kernels;
    if (!spent) return run(...args);
    const started = performance.now();
    const result = run(...args);
    spent.set(name, (spent.get(name) ?? 0) + performance.now() - started);
    return result;
  };
}

/**
 * Milliseconds that `work` spends in each named operation going forward; devices may compute on after that.
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
