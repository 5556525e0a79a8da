import { homedir, userInfo } from 'node:os';

/**
 * The homes of whoever runs this: HOME, which may point elsewhere than the account does, and the account's
 * own, which has keys all the same. None where a container runs under a number that has no account, and says
 * no HOME.
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
 * A path of a variable as Python's libraries read it: `~` is the home, `$NAME` and `${NAME}` are variables,
 * where they are set.
 */
export function expanded(path: string, env: NodeJS.ProcessEnv = process.env): string {
  const home = env.HOME || homeFolders()[0];
  const absolute = home === undefined ? path : path.replace(/^~(?=\/|$)/, home);
  return absolute.replace(/\$(?:(\w+)|\{(\w+)\})/g, (all, plain, braced) => env[plain ?? braced] ?? all);
}
