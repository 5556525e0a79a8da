import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { backendNeeds, readNeeds } from './backend-needs.ts';
import { cleanEnv } from './env.ts';
import { mountsOf } from './mounts.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'needs-')));
afterAll(() => rmSync(folder, { recursive: true }));
const declare = (name: string, needs: unknown) =>
  writeFileSync(
    join(folder, `${name}.needs.json`),
    typeof needs === 'string' ? needs : JSON.stringify(needs),
  );

/** The paths that a sandbox of this folder binds with that flag. */
function bound(flag: string, devices: readonly string[], needs = backendNeeds()): string[] {
  const args = mountsOf(
    { root: folder, writable: [], readable: [], instead: (path) => path },
    needs,
    devices,
  );
  return args.filter((_, i) => args[i - 1] === flag);
}

it('lets the devices of the backends into the sandbox, and no others', () => {
  const passed = ['nvidia0', 'nvidiactl', 'nvidia-caps', 'nvidia-uvm', 'dri', 'kfd'];
  const devices = ['null', ...passed, 'sda', 'mem', 'kvm', 'drip'];
  expect(bound('--dev-bind-try', devices)).toEqual(passed.map((name) => `/dev/${name}`));
});

it('binds back the paths that a backend names and that exist', () => {
  const there = join(folder, 'cuda');
  writeFileSync(there, '');
  const needs = { devices: [], variables: [], paths: [there, join(folder, 'nowhere')] };
  expect(bound('--ro-bind', [], needs)).toContain(there);
  expect(bound('--ro-bind', [], needs)).not.toContain(join(folder, 'nowhere'));
});

it('hides the keys of secret worlds also where a link puts them on another disk', () => {
  const keys = realpathSync(mkdtempSync(join(tmpdir(), 'keys-')));
  mkdirSync(join(folder, 'state'));
  symlinkSync(keys, join(folder, 'state/secret'));
  expect(bound('--tmpfs', [])).toContain(keys);
  rmSync(keys, { recursive: true });
  expect(bound('--tmpfs', [])).not.toContain(keys);
});

it('lets their variables through to children', () => {
  const env = { LD_LIBRARY_PATH: '/cuda', ENGINE_THREADS: '3', CUDA_CACHE_PATH: '/else', PATH: '/bin' };
  expect(cleanEnv({}, env)).toEqual({ ...env, CUDA_CACHE_PATH: undefined, PATH: expect.any(String) });
});

it('lets through what tunes OpenBLAS and threads', () => {
  const names = [
    'ENGINE_THREADS',
    'ENGINE_BLAS',
    'ENGINE_NATIVE',
    'ENGINE_PREFILTER',
    'OMP_NUM_THREADS',
    'GOTO_NUM_THREADS',
  ];
  const ofBlas = ['CORETYPE', 'NUM_THREADS', 'DEFAULT_NUM_THREADS', 'THREAD_TIMEOUT', 'MAIN_FREE', 'VERBOSE'];
  const env = Object.fromEntries(
    [...names, ...ofBlas.map((name) => `OPENBLAS_${name}`)].map((n) => [n, '1']),
  );
  expect(cleanEnv({}, env)).toEqual({ ...env, PATH: expect.any(String) });
});

it('every backend declares its needs', () => {
  const files = readdirSync(join(import.meta.dirname, '../engine/backends'));
  const backends = files.filter((name) => name.endsWith('.ts')).map((name) => name.replace('.ts', ''));
  expect(backends.length).toBeGreaterThan(3);
  expect(backends.filter((name) => !files.includes(`${name}.needs.json`))).toEqual([]);
});

it('takes all declarations together, and names the file and the field of a wrong one', () => {
  declare('one', { devices: ['one*'], variables: ['SHARED', 'ONE'] });
  declare('two', { variables: ['SHARED', 'TWO'], paths: ['/two'] });
  expect(readNeeds(folder)).toEqual({
    devices: ['one*'],
    variables: ['SHARED', 'ONE', 'TWO'],
    paths: ['/two'],
  });
  declare('two', { devices: ['../sda'] });
  expect(() => readNeeds(folder)).toThrow('two.needs.json: devices.0: must be a name in /dev');
  declare('two', { device: ['sda'] });
  expect(() => readNeeds(folder)).toThrow(/two\.needs\.json: file: .*"device"/);
  declare('two', 'no JSON');
  expect(() => readNeeds(folder)).toThrow('two.needs.json: is no JSON (');
});
