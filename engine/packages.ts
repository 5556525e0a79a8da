import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/** Whether an optional package is installed. Looks for its files and loads nothing. */
export function isInstalled(name: string): boolean {
  try {
    resolve(name);
    return true;
  } catch (error) {
    // A package for `import` alone is there, and says so by another code.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}

/** Those of the packages that are not installed, and `remedy`; null where all are. */
export function notInstalled(names: readonly string[], remedy: string): string | null {
  const absent = names.filter((name) => !isInstalled(name));
  return absent.length > 0 ? `${absent.join(' and ')} not installed (${remedy})` : null;
}

/** Loads an optional package; its types are the caller's word, since they are not there without it. */
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
