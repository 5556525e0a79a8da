import { homedir, userInfo } from 'node:os';

/**
 * The home folders of the user who runs this: HOME, which may differ from the account's home, and the
 * account's home, which may hold keys too. Empty where a container runs under a user id without an account
 * and HOME is not set.
 */
export function homeFolders(): string[] {
  const ask = [() => homedir(), () => userInfo().homedir];
  return [...new Set(ask.flatMap(answered))].filter((path) => path !== '' && path !== '/');
}

function answered(ask: () => string): string[] {
  try {
    return [ask()];
  } catch {
    return [];
  }
}

/**
 * A path from an environment variable, as Python's libraries read it: `~` is the home, and `$NAME` and
 * `${NAME}` are replaced where these variables are set.
 */
export function expanded(path: string, env: NodeJS.ProcessEnv = process.env): string {
  const home = env.HOME || homeFolders()[0];
  const absolute = home === undefined ? path : path.replace(/^~(?=\/|$)/, home);
  return absolute.replace(/\$(?:(\w+)|\{(\w+)\})/g, (all, plain, braced) => env[plain ?? braced] ?? all);
}
