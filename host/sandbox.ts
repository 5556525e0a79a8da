import { cleanEnv } from './env.ts';

/** What a command may touch. Paths are absolute. */
export interface Confinement {
  cwd: string;
  /** Folders that it may change. */
  writable?: readonly string[];
  /**
   * Paths that it may read although they lie where a sandbox hides everything, such as a run's own tree under
   * `state/`.
   */
  readable?: readonly string[];
  /** Variables on top of `cleanEnv()`. */
  env?: Readonly<Record<string, string>>;
}

/**
 * A place to run untrusted code: turns a command into one that runs it confined. Inherited descriptors pass
 * through.
 */
export interface Sandbox {
  kind: 'bubblewrap' | 'off';
  /** For reports: "bubblewrap", or "off (why)". */
  label: string;
  wrap(argv: readonly string[], confinement: Confinement): { argv: string[]; env: Record<string, string> };
}

/** No confinement beyond a clean environment, and the reason for it, which every report states. */
export function noSandbox(why: string): Sandbox {
  return {
    kind: 'off',
    label: `off (${why})`,
    wrap: (argv, { env }) => ({ argv: [...argv], env: cleanEnv(env) }),
  };
}
