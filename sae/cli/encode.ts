import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openStream } from '#bench/stream/reader';
import { refuseTerminalInput, refuseTerminalOutput, TO_TERMINAL } from '#contract/binary';
import { CODES_MAGIC, type CodesHeader } from '#contract/codes';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { fullDisk } from '#contract/output';
import { backendNames, openBackend } from '#engine/backend';
import type { Csr } from '#engine/sparse';
import { createCheckpointEncoder, forms } from '../encoding.ts';
import { isSaelens, readSaelens } from '../import.ts';
import { loadAddons, loadArchitecture } from '../load.ts';
import type { RowNorm } from '../saelens/row-norm.ts';
import { readCheckpoint } from '../trainer/checkpoint.ts';

const STDIN = 0;
const STDOUT = 1;

const command = program(
  'npm run encode --',
  'Reads activations x from standard input (contract/stream.ts), writes codes (contract/codes.ts).',
)
  .option(
    '--checkpoint <path>',
    'a checkpoint.safetensors, a snapshot in evals/, or a folder saved by SAELens; given again: all of them answer to the same rows',
    (path: string, before: readonly string[]) => [...before, path],
    [],
  )
  .option('--backend <name>', `tensor backend: auto, ${backendNames.join(', ')}`, 'auto')
  .option(...TO_TERMINAL)
  .addHelpText(
    'after',
    `
Example:
  npm run -s serve -- --profile small --seed 1 --rows 4096 |
    npm run -s encode -- --checkpoint checkpoints/<run>/out/checkpoint.safetensors > codes.bin`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const options = command.opts<{ checkpoint: string[]; backend: string; toTerminal: boolean }>();
  const { checkpoint: paths } = options;
  if (paths.length === 0) throw new UserError('--checkpoint is missing; name the checkpoint to encode with');
  refuseTerminalInput(
    'activations',
    'pipe them in, as in npm run -s serve -- --rows 4096 | npm run -s encode -- ...',
  );
  if (!options.toTerminal) refuseTerminalOutput('codes', 'send them to a file (> codes.bin)');
  const checkpoints = paths.map((path) => (isSaelens(path) ? readSaelens(path) : readCheckpoint(path)));
  const names = checkpoints.map(({ config }) => config.architecture);
  const [architectures, addons] = await Promise.all([
    Promise.all(names.map((name) => loadArchitecture(name))),
    loadAddons(),
    openBackend(options.backend),
  ]);
  const encoders = checkpoints.map((each, at) => createCheckpointEncoder(each, architectures[at], addons));
  const input = fromInput(() => openStream(STDIN));
  for (const [at, encoder] of encoders.entries()) {
    const { d_in, d_sae, rowNorm, exportedAs: name } = encoder;
    if (input.header.d !== d_in)
      throw new UserError(`${paths[at]}: takes rows of ${d_in}, the stream has ${input.header.d}`);
    const python = existsSync(join(import.meta.dirname, `../architectures/${names[at]}.py`));
    const more = { exported: { name, python }, ...(rowNorm && { row_norm: rowNorm }) };
    const place = encoders.length > 1 && { checkpoint: at };
    write(header({ d_in, d_sae, forms: [...forms], ...more, ...place }));
    write(bytesOf(encoder.decoder));
    write(bytesOf(encoder.bias));
  }
  const next = () => fromInput(() => input.next());
  for (let batch = next(); batch !== null; batch = next()) {
    for (const encoder of encoders)
      for (const codes of encoder.codes(batch.x, batch.rows)) write(answer(codes));
  }
  return 0;
});

/** Reads from standard input. @throws UserError if it is not such a stream, or ends within it */
function fromInput<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UserError(`standard input: ${(error as Error).message}`);
  }
}

/** `row_norm`: the codes are of normalised rows; the judge undoes that after the decoder. */
function header(content: CodesHeader & { row_norm?: RowNorm }): Buffer {
  const json = Buffer.from(JSON.stringify(content));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([Buffer.from(CODES_MAGIC, 'latin1'), length, json]);
}

function answer({ rows, offsets, indices, values }: Csr): Buffer {
  const counts = Uint32Array.of(rows, indices.length);
  return Buffer.concat([counts, offsets, indices, values].map(bytesOf));
}

function bytesOf(numbers: Uint32Array | Float32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/**
 * Writes all bytes, waiting for the reader. If the reader has closed the pipe, the process ends without an
 * error.
 */
function write(bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(STDOUT, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      const full = fullDisk(error);
      if (full !== null) throw new UserError(`standard output: ${full}; the codes end within it`, 1);
      if (code !== 'EAGAIN') throw error;
      // The pipe does not block: wait a millisecond for its reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
