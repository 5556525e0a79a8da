import { appendFileSync } from 'node:fs';
import type { CodesHeader, SparseCodes } from '#contract/codes';
import { UserError } from '#contract/errors';
import { plain } from '#contract/text';
import type { Sandbox } from '#host/sandbox';
import type { Decoder } from '../eval/reconstruction.ts';
import type { Encoding } from '../judge/subject.ts';
import { withExport } from './export-run.ts';
import { readExported } from './exported.ts';
import { findPython } from './find.ts';
import { type Held, holdForm, NO_FORM, NO_PYTHON, NOT_ASKED, untried } from './hold.ts';
import { SAELENS_HAS } from './saelens.ts';

/** Rows of a verdict that a form in Python is held to, beside those of the parity file. */
const ROWS = 256;

/** Rows x [rows × d], and a run's answer to them in all forms. */
export interface Answer {
  x: Float32Array;
  codes: readonly SparseCodes[];
}

/**
 * Whether the SAE of a run can be used in Python, as remarks of its verdict: none where its encoder says that
 * SAELens has it. Its export is held to its own parity file, and to what the run's encoder answered the judge
 * in the inference form: which latents fire, and the reconstruction. That takes seconds, so it is done where
 * the verdict may be a new best.
 */
export async function pythonRemarks(
  encoding: Encoding,
  { header, decoder }: { header: CodesHeader; decoder: Decoder },
  answer: Answer | undefined,
  { repo, sandbox, mayBeBest }: { repo: string; sandbox: Sandbox; mayBeBest: boolean },
): Promise<string[]> {
  const { exported } = header;
  if (exported === undefined || answer === undefined || SAELENS_HAS.has(exported.name)) return [];
  if (!exported.python) return [NO_FORM.line];
  if (!mayBeBest) return [NOT_ASKED.line];
  const python = await findPython(repo);
  if (python === null) return [NO_PYTHON.line];
  const inference = header.forms.indexOf('inference');
  if (inference < 0) return [untried('the run has no inference form').line];
  const more = heldTo(answer.x, answer.codes[inference], decoder, header);
  try {
    const log = encoding.log.replace(/\.log$/, '-python.log');
    const hold = async (folder: string) =>
      holdForm(readExported(folder), { repo, sandbox, more, python, log });
    return [(await withExport(encoding, sandbox, hold)).line];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    appendFileSync(encoding.log, `export: ${plain(error.message)}\n`);
    return [untried('the export failed').line];
  }
}

/** The first rows of an answer. Decoder rows have norm 1 here, so the unit of a code is the form's own. */
function heldTo(
  x: Float32Array,
  { rows: answered, offsets, indices, values }: SparseCodes,
  { weights, bias }: Decoder,
  { d_in, d_sae }: CodesHeader,
): Held {
  const rows = Math.min(ROWS, answered);
  const codes = new Float32Array(rows * d_sae);
  const recon = new Float32Array(rows * d_in);
  for (let row = 0; row < rows; row++) {
    const own = recon.subarray(row * d_in, (row + 1) * d_in);
    own.set(bias);
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      codes[row * d_sae + indices[at]] = values[at];
      for (let j = 0; j < d_in; j++) own[j] += values[at] * weights[indices[at] * d_in + j];
    }
  }
  return {
    x: { data: x.slice(0, rows * d_in), width: d_in },
    codes: { data: codes, width: d_sae, unit: 'any' },
    recon: { data: recon, width: d_in },
  };
}
