import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '#host/sandbox';
import { difference, type Expected, type Rows } from './compare.ts';
import type { Exported } from './exported.ts';
import { findPython } from './find.ts';
import { runForm } from './run.ts';

/** Rows that a form in Python is held to, and what it has to give for them. */
export interface Held extends Expected {
  x: Rows;
}

export interface HoldOptions {
  repo: string;
  sandbox: Sandbox;
  /** Rows beside those of the export's parity file. */
  more?: Held;
  /** How long the form may take. */
  seconds?: number;
  /** Where its words go; default: nowhere that stays. */
  log?: string;
  /** The Python; default: see findPython. */
  python?: Awaited<ReturnType<typeof findPython>>;
}

/** What is known of a form in Python, and the line that says so. */
export interface Form {
  state: 'holds' | 'differs' | 'none' | 'untried';
  /** In our words alone: it stands in records and reports. */
  line: string;
  /** What the form's own code said, for the terminal of a person. */
  said?: string;
}

const differs = (how: string, said?: string): Form => ({
  ...{ state: 'differs', line: `Python form differs: ${how}` },
  ...(said !== undefined && { said }),
});
export const untried = (why: string, said?: string): Form => ({
  ...{ state: 'untried', line: `Python form not tried: ${why}` },
  ...(said !== undefined && { said }),
});
export const HOLDS: Form = { state: 'holds', line: 'Python form holds to 1e-5' };
export const NO_FORM: Form = { state: 'none', line: 'no Python form' };
export const NOT_ASKED = untried('only that of a new best is');
export const NO_PYTHON = untried('no Python with torch or numpy here');

/**
 * Runs the encoder of an exported folder in Python, confined, and holds what it gives to the parity file and
 * to `more`.
 */
export async function holdForm(
  { source, weights, parity }: Exported,
  { repo, sandbox, more, seconds, log, python: given }: HoldOptions,
): Promise<Form> {
  if (source === null) return NO_FORM;
  const python = given === undefined ? await findPython(repo) : given;
  if (python === null) return NO_PYTHON;
  const parts: Held[] = [
    { x: parity.x, codes: { ...parity.codes, unit: 'same' }, recon: parity.recon },
    ...(more === undefined ? [] : [more]),
  ];
  const [{ x, codes }] = parts;
  if (parts.some((part) => part.x.width !== x.width || part.codes.width !== codes.width))
    return differs('its export has other sizes than the run');
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'python-'));
  try {
    writeFileSync(join(folder, 'encode.py'), source);
    writeFileSync(join(folder, 'sae_weights.safetensors'), weights);
    const counts = parts.map((part) => part.x.data.length / x.width);
    // It sees the rows, and not what it has to give for them.
    const rows = parts.map(({ x: { data } }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    writeFileSync(join(folder, 'x.bin'), Buffer.concat(rows));
    const sizes = { rows: counts.reduce((a, b) => a + b), d: x.width, latents: codes.width };
    const ran = await runForm(python, sandbox, folder, sizes, { log: log ?? join(folder, 'log'), seconds });
    if ('lacks' in ran) return untried('the Python here lacks a package that it imports', ran.lacks);
    if ('failed' in ran) return differs(ran.failed, ran.said);
    let from = 0;
    for (const [at, part] of parts.entries()) {
      const to = from + counts[at];
      const own = {
        codes: ran.codes.subarray(from * codes.width, to * codes.width),
        recon: ran.recon.subarray(from * x.width, to * x.width),
      };
      const how = difference(own, part);
      if (how !== null) return differs(how);
      from = to;
    }
    return HOLDS;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
