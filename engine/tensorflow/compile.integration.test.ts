import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compileBinding } from './compile.ts';

const folder = mkdtempSync(join(tmpdir(), 'compile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const to = join(folder, 'lib', 'binding.node');
const binding = {
  sources: join(folder, 'sources'),
  nodeApi: join(folder, 'api'),
  library: join(folder, 'tf'),
  to,
};

/** A compiler that does as told. */
function compiler(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

it('reports a missing compiler with its remedy', async () => {
  await expect(compileBinding(binding, { PATH: folder })).rejects.toThrow(
    'a C++ compiler is missing: apt-get install g++, or name one in CXX',
  );
});

it("reports the compiler's first error in one line, and leaves no binding", async () => {
  const CXX = compiler(
    'fails',
    'echo "In file included" >&2; echo "a.cc:1:2: error: no such thing" >&2; echo more >&2; exit 1',
  );
  await expect(compileBinding(binding, { CXX })).rejects.toThrow(
    `${CXX} did not compile the binding of TensorFlow: a.cc:1:2: error: no such thing`,
  );
  expect(existsSync(to)).toBe(false);
});

it('lets the binding find the library relative to itself', async () => {
  const CXX = compiler(
    'works',
    'for a; do case "$a" in *.part) out=$a;; -Wl*) path=$a;; esac; done; echo "$path" > "$out"',
  );
  await compileBinding(binding, { CXX });
  expect(readFileSync(to, 'utf8')).toBe('-Wl,-rpath,$ORIGIN/../tf\n');
});
