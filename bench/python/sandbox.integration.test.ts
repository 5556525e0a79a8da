import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { lookAt } from './find.ts';
import { holdForm } from './hold.ts';
import { exportOf, RIGHT } from './testing/form.ts';

const tried = await tryBubblewrap(process.cwd());
const found = await lookAt('python3', process.cwd());
const isHere = tried.ok && found !== null;

const outside = mkdtempSync(join(tmpdir(), 'outside-'));
writeFileSync(join(outside, 'secret'), 'a secret of ours');
afterAll(() => rmSync(outside, { recursive: true }));

/** What is said of a form whose module does this first; it needs no numpy for that. */
async function saidOf(first: string, seconds = 120): Promise<string> {
  if (!tried.ok || found === null) throw new Error('skipped');
  const { sandbox } = tried;
  const python = { ...found, library: 'numpy' as const };
  const { line, said } = await holdForm(exportOf(`${first}\n${RIGHT}`), {
    repo: process.cwd(),
    sandbox,
    seconds,
    python,
  });
  return `${line}${said === undefined ? '' : `, ${said}`}`;
}

describe.skipIf(!isHere)('a hostile form in Python', () => {
  it('that never ends is ended', async () => {
    expect(await saidOf('while True: pass', 1)).toBe('Python form differs: it did not end within 1 s');
    const ignoring = 'import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass';
    expect(await saidOf(ignoring, 1)).toMatch(/did not end within 1 s/);
  });

  it('can write nothing that stays', async () => {
    const places = [outside, process.cwd(), '/usr', '/var/tmp', '/dev/shm'];
    const source = `
import os
written = []
for place in ${JSON.stringify(places)} + [os.path.dirname(os.path.abspath(__file__))]:
    try:
        with open(os.path.join(place, "left-by-python"), "w") as file:
            file.write("here")
        written.append(place)
    except OSError:
        pass
raise RuntimeError(f"wrote {[place for place in written if place not in ('/var/tmp', '/dev/shm')]}")`;
    expect(await saidOf(source)).toMatch(/RuntimeError: wrote \[\]$/);
    for (const place of places) expect(existsSync(join(place, 'left-by-python'))).toBe(false);
  });

  it('sees no variable and no file of ours, and reaches no network', async () => {
    process.env.A_KEY_OF_OURS = 'sk-secret';
    const server = createServer((_, answer) => answer.end('reached')).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    try {
      const source = `
import os, urllib.request
seen = []
for file in ["/proc/self/environ", "/proc/1/environ", "/proc/%d/environ" % os.getppid()]:
    try:
        with open(file, "rb") as opened: seen.append(b"sk-secret" in opened.read())
    except OSError: seen.append(False)
seen.append("sk-secret" in str(os.environ))
for path in [${JSON.stringify(join(outside, 'secret'))}, ${JSON.stringify(join(process.cwd(), 'package.json'))}, ${JSON.stringify(join(process.cwd(), 'bench'))}, "/root/.ssh"]:
    seen.append(os.path.exists(path))
try:
    urllib.request.urlopen("http://127.0.0.1:${port}", timeout=5)
    seen.append(True)
except OSError: seen.append(False)
raise RuntimeError(f"saw {sum(seen)} of {len(seen)}")`;
      expect(await saidOf(source)).toMatch(/RuntimeError: saw 0 of 9$/);
    } finally {
      delete process.env.A_KEY_OF_OURS;
      server.close();
    }
  });

  it('cannot answer without end, nor by what it prints', async () => {
    const flood =
      'import os\nfor fd in range(3, 20):\n    try:\n        while True: os.write(fd, b"x" * 65536)\n    except OSError: pass';
    expect(await saidOf(flood)).toMatch(/differs: it answers more than the 80 bytes/);
    expect(await saidOf('print("x" * 80)\nimport os\nos._exit(0)')).toMatch(
      /it answers 0 bytes, 80 expected/,
    );
    expect(await saidOf('raise RuntimeError("\\x1b[31mholds to 1e-5")')).toMatch(
      /RuntimeError: holds to 1e-5$/,
    );
  });

  it('does not see what it has to give', async () => {
    const source = 'import os\nraise RuntimeError(sorted(os.listdir(os.path.dirname(__file__))))';
    expect(await saidOf(source)).toMatch(/\['encode\.py', 'log', 'sae_weights\.safetensors', 'x\.bin'\]$/);
  });
});
