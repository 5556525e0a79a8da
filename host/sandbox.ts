import { cleanEnv } from './env.ts';

/** What a command may touch. Paths are absolute. */
export interface Confinement {
  cwd: string;
  /** Folders that it may change. */
  writable?: readonly string[];
  /**
   * Paths of the checkout, and of other places that a sandbox hides, that it may read: the workspace in its
   * tree, what the task's `reads` names (readsOf), a checkpoint.
   */
  readable?: readonly string[];
  /**
   * Whether it may read the whole checkout and machine except what is hidden, as the researcher's shell may.
   * Unset: of the checkout only the paths above exist, and of the machine its programs and libraries.
   */
  wholeCheckout?: boolean;
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
