import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '#contract/errors';

/** A C++17 compiler of a machine: $CXX, or the first that is found; null if there is none. */
export function compilerOf(env: Readonly<Record<string, string | undefined>>, root = '/'): string | null {
  const names = [env.CXX?.trim() ?? '', 'c++', 'g++', 'clang++'].filter((name) => name !== '');
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = (name: string) =>
    (name.includes('/') ? [name] : folders.map((folder) => join(folder, name))).some((path) =>
      existsSync(join(root, path)),
    );
  return names.find(found) ?? null;
}

export const NO_COMPILER = 'a C++ compiler is missing: apt-get install g++, or name one in CXX';

/** The packages and folders that the binding is made from, and the file that it becomes. */
export interface Binding {
  /** The folder of the package with the sources of the binding. */
  sources: string;
  /** The folder of node-api-headers. */
  nodeApi: string;
  /** The folder with the library and headers of TensorFlow. */
  library: string;
  to: string;
}

/**
 * Compiles the binding of tfjs-node against TensorFlow's library, whose C interface is stable; about 20 s.
 * The library is found relative to the binding, so a checkout can be moved.
 * @throws UserError with the compiler's first error.
 */
export async function compileBinding(
  { sources, nodeApi, library, to }: Binding,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const compiler = compilerOf(env);
  if (compiler === null) throw new UserError(NO_COMPILER, 1);
  mkdirSync(dirname(to), { recursive: true });
  const args = [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...[sources, join(nodeApi, 'include'), join(library, 'include')].map((folder) => `-I${folder}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(sources, 'binding', file)),
    ...['-o', `${to}.part`, `-L${library}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    `-Wl,-rpath,$ORIGIN/${relative(dirname(to), library)}`,
  ];
  await promisify(execFile)(compiler, args, { env, maxBuffer: 16 << 20 }).catch(
    ({ message, stderr = '' }: Error & { stderr?: string }) => {
      const lines = (stderr.trim() || message).split('\n');
      const line = lines.find((text) => /\berror\b/.test(text)) ?? lines[0];
      throw new UserError(`${compiler} did not compile the binding of TensorFlow: ${line.trim()}`, 1);
    },
  );
  renameSync(`${to}.part`, to);
}
