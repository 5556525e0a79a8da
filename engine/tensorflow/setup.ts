import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '#contract/errors';
import { compileBinding, compilerOf, NO_COMPILER } from './compile.ts';
import { fetchWheel, type Source } from './fetch-wheel.ts';
import { unpackWheel } from './unpack.ts';
import { inBytes, type TensorflowBackend, type Wheel, wheelsOf } from './wheels.ts';

/** Unpacked, the libraries take about this many times the size of their wheels. */
const UNPACKED = 3.2;

const PACKAGE_OF: Record<TensorflowBackend, string> = {
  node: '@tensorflow/tfjs-node',
  'node-gpu': '@tensorflow/tfjs-node-gpu',
};

/**
 * The npm packages of a backend. Their install scripts are left out: they download TensorFlow 2.9.1, which
 * knows no GPU of today.
 */
export const packagesOf = (backend: TensorflowBackend): string[] => [
  `${PACKAGE_OF[backend]}@4.22.0`,
  'node-api-headers@1.9.0',
];

const MODULES = join(import.meta.dirname, '..', '..', 'node_modules');

/** The file that the package of a backend loads. */
export const bindingOf = (backend: TensorflowBackend): string =>
  join(MODULES, PACKAGE_OF[backend], 'lib', 'napi-v8', 'tfjs_binding.node');

/** Whether a backend is set up in this checkout. */
export const isBuilt = (backend: TensorflowBackend): boolean => existsSync(bindingOf(backend));

export interface Setup extends Omit<Source, 'told'> {
  env: NodeJS.ProcessEnv;
  say(line: string): void;
  working<T>(what: string, work: (told: Source['told']) => Promise<T>): Promise<T>;
}

/**
 * Puts TensorFlow's library under node_modules and compiles its binding against it, as docs/backends.md says.
 * The packages of npm are there already. What an earlier call finished is kept.
 * @throws UserError for what is missing: a compiler, wheels for this system, a file, space.
 */
export async function setUpTensorflow(backend: TensorflowBackend, setup: Setup): Promise<void> {
  const wheels = wheelsOf(backend);
  if (wheels === null)
    throw new UserError(
      `${backend}: there is no TensorFlow for ${process.platform} on ${process.arch} to build it with`,
      1,
    );
  if (compilerOf(setup.env) === null) throw new UserError(NO_COMPILER, 1);
  const library = join(MODULES, '.tensorflow', `${backend}-${wheels[0].version}`);
  const had = existsSync(join(library, 'complete'));
  if (!had) await unpackAll(wheels, library, setup);
  const sources = join(MODULES, PACKAGE_OF[backend]);
  const to = bindingOf(backend);
  if (had && existsSync(to)) return;
  await setup.working('compiling the binding', () =>
    compileBinding(
      { sources, nodeApi: join(MODULES, 'node-api-headers'), library: join(library, 'tensorflow'), to },
      setup.env,
    ),
  );
  setup.say(`${backend}: TensorFlow ${wheels[0].version}, its binding compiled by ${compilerOf(setup.env)}`);
}

async function unpackAll(wheels: readonly Wheel[], library: string, setup: Setup): Promise<void> {
  const bytes = wheels.reduce((sum, { size }) => sum + size, 0);
  const parent = dirname(library);
  mkdirSync(parent, { recursive: true });
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize < UNPACKED * bytes)
    throw new UserError(
      `the libraries need ${inBytes(UNPACKED * bytes)} in ${parent}, where ${inBytes(bavail * bsize)} are free`,
      1,
    );
  const part = `${library}.part`;
  rmSync(part, { recursive: true, force: true });
  for (const [index, wheel] of wheels.entries()) {
    const of = wheels.length > 1 ? ` (${index + 1} of ${wheels.length})` : '';
    const path = await setup.working(`${wheel.name} ${wheel.version}${of}`, (told) =>
      fetchWheel(wheel, { ...setup, told }),
    );
    await setup.working(`unpacking ${wheel.name}`, () => unpackWheel(path, part));
  }
  writeFileSync(join(part, 'complete'), `${wheels.map(({ file }) => file).join('\n')}\n`);
  rmSync(library, { recursive: true, force: true });
  renameSync(part, library);
}
