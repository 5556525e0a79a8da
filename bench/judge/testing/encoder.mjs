// An encoder for the tests of the judge: latent i fires where (x - b_dec)·d_i exceeds 1 (`dense`: always).
// Speaks contract/codes.ts, or lies:
//   node encoder.mjs [--lie crash|hang|magic|rows|range|order|nan|short|shape|decoder|dense|form|norm|batch-norm|huge|flood|python|tell] --checkpoint FILE...
// Lies about the second of several checkpoints: second-crash|second-hang|swapped. `last` takes the last alone
// and does not say so, as encoders of earlier versions do.
// Lies that a second process shows: memory|cached|row-order|company; batchtopk is none.
// weak: the second half of the latents miss most of what they stand for. whisper: they fire there by 1e-20,
// or with latent 0 where their row has part of its row.
import { readFileSync, readSync, writeSync } from 'node:fs';

const given = (name) => process.argv.flatMap((word, at) => (process.argv[at - 1] === name ? [word] : []));
const lie = given('--lie')[0] ?? '';
const paths = given('--checkpoint');
const checkpoints = (lie === 'last' ? paths.slice(-1) : paths).map(readCheckpoint);

function readCheckpoint(path) {
  const file = readFileSync(path);
  const jsonBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + jsonBytes));
  const tensor = (name) => {
    const [from, to] = header[name].data_offsets;
    return new Float32Array(
      file.buffer.slice(file.byteOffset + 8 + jsonBytes + from, file.byteOffset + 8 + jsonBytes + to),
    );
  };
  const [decoder, bias] = [tensor('W_dec'), tensor('b_dec')];
  const [m, d] = header.W_dec.shape;
  /** By latent: the product of its row and that of latent 0. */
  const shares = Array.from({ length: m }, (_, i) =>
    bias.reduce((sum, _, k) => sum + decoder[i * d + k] * decoder[k], 0),
  );
  return { decoder, bias, m, d, shares };
}

function read(bytes) {
  const out = Buffer.alloc(bytes);
  for (let have = 0; have < bytes; ) {
    let n = 0;
    try {
      n = readSync(0, out, have, bytes - have, null);
    } catch (error) {
      if (error.code === 'EAGAIN') continue;
      throw error;
    }
    if (n === 0) return null;
    have += n;
  }
  return out;
}

function write(bytes) {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

const known = new Map();
let seen = 0;
const words = (values) => Buffer.from(Uint32Array.from(values).buffer);

if (lie === 'crash') throw new Error('W_enc is missing');
for (const [at, { decoder, bias, m, d }] of checkpoints.entries()) {
  const json = Buffer.from(
    JSON.stringify({
      exported: { name: 'a_form_of_its_own', python: lie === 'python' },
      d_in: lie === 'shape' ? d + 1 : d,
      d_sae: m,
      forms: lie === 'form' ? ['inference'] : ['training', 'inference'],
      ...(lie === 'norm' && { row_norm: 'layer_norm' }),
      ...(lie === 'batch-norm' && { row_norm: 'batch_norm' }),
      ...(checkpoints.length > 1 && { checkpoint: lie === 'swapped' ? 1 - at : at }),
    }),
  );
  if (lie === 'huge') decoder.fill(1e30);
  if (lie === 'decoder') decoder[3] = Number.NaN;
  write(Buffer.concat([Buffer.from(lie === 'magic' ? 'SAECODE9' : 'SAECODE1'), words([json.length]), json]));
  write(Buffer.concat([Buffer.from(decoder.buffer), Buffer.from(bias.buffer)]));
}

const [{ d }] = checkpoints;
read(16);
for (let frame = read(16); frame; frame = read(16)) {
  const rows = frame.readUInt32LE(4);
  const bytes = read(rows * d * 4);
  const x = new Float32Array(bytes.buffer, bytes.byteOffset, rows * d);
  if (lie === 'tell') {
    console.error(`these rows begin with ${x[0]}`);
    process.exit(1);
  }
  if (lie === 'hang') {
    console.error(`pid ${process.pid}`);
    setInterval(() => {}, 1000);
    break;
  }
  if (lie === 'flood') {
    write(words([rows, rows * checkpoints[0].m]));
    break;
  }
  for (const [at, checkpoint] of checkpoints.entries()) {
    if (at === 1 && lie === 'second-crash') throw new Error('the second is one too many');
    if (at === 1 && lie === 'second-hang') await new Promise(() => setInterval(() => {}, 1000));
    answer(rows, x, checkpoint);
  }
  seen++;
}

function answer(rows, x, of) {
  const { decoder, bias, m } = of;
  const h = new Float32Array(rows * m);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += (x[row * d + k] - bias[k]) * decoder[i * d + k];
      h[row * m + i] = sum;
    }
  for (const form of ['training', 'inference']) {
    const codes = codesOf(rows, h, form, of);
    if (lie === 'short') {
      write(codes.subarray(0, codes.length / 2));
      process.exit(0);
    }
    write(codes);
  }
}

/** `memory` raises the threshold with every batch; `cached` too, and repeats what it has answered. */
function thresholdOf(row, rows, h, form) {
  if (lie === 'memory') return 1 + seen;
  if (lie === 'cached') {
    if (!known.has(h[0])) known.set(h[0], 1 + seen);
    return known.get(h[0]);
  }
  if (lie === 'row-order') return row < rows / 2 ? 1 : 1.3;
  if (lie === 'batchtopk' ? form === 'training' : lie === 'company' && form === 'inference')
    return [...h].sort((a, b) => b - a)[rows];
  return 1;
}

function codesOf(rows, h, form, { m, shares }) {
  const offsets = [0];
  const indices = [];
  const values = [];
  let threshold = 0;
  for (let row = 0; row < rows; row++) {
    if (row === 0 || lie === 'row-order') threshold = thresholdOf(row, rows, h, form);
    for (let i = 0; i < m; i++) {
      if (i >= m / 2 && (lie === 'weak' || lie === 'whisper')) {
        // What the row has of latent 0 does not count.
        const own = h[row * m + i] - shares[i] * h[row * m];
        const whispers = lie === 'whisper' && (shares[i] > 0.5 ? h[row * m] : own) > 1;
        const value = own > 4.7 ? own : whispers ? 1e-20 : 0;
        if (value > 0) {
          indices.push(i);
          values.push(value);
        }
        continue;
      }
      if (lie === 'dense' || h[row * m + i] > threshold) {
        indices.push(i);
        values.push(lie === 'dense' ? 1 : h[row * m + i]);
      }
    }
    offsets.push(indices.length);
  }
  if (lie === 'range') indices[5] = m;
  if (lie === 'order') [indices[0], indices[1], offsets[1]] = [3, 3, Math.max(2, offsets[1])];
  if (lie === 'nan') values[7] = Number.NaN;
  return Buffer.concat([
    words([lie === 'rows' ? rows - 1 : rows, indices.length]),
    words(offsets),
    words(indices),
    Buffer.from(Float32Array.from(values).buffer),
  ]);
}
