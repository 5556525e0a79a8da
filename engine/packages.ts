import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/** Whether an optional package is installed. Looks for its files and loads nothing. */
export function isInstalled(name: string): boolean {
  try {
    resolve(name);
    return true;
  } catch (error) {
    // An installed package that only `import` can load fails with this code.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}

/** Names the packages that are not installed, followed by `remedy`; null if all are installed. */
export function notInstalled(names: readonly string[], remedy: string): string | null {
  const absent = names.filter((name) => !isInstalled(name));
  return absent.length > 0 ? `${absent.join(' and ')} not installed (${remedy})` : null;
}

/** Loads an optional package. The caller states its type: without the package its types are absent too. */
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
