// An encoder for the tests of the judge: latent i fires where (x - b_dec)·d_i exceeds 1 (`dense`: always).
// Speaks contract/codes.ts, or lies:
//   node encoder.mjs [--lie crash|hang|magic|rows|range|order|nan|short|shape|decoder|dense|form|norm|batch-norm|huge|flood] --checkpoint FILE
import { readFileSync, readSync, writeSync } from 'node:fs';

const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const lie = process.argv.includes('--lie') ? argument('--lie') : '';
const file = readFileSync(argument('--checkpoint'));
const jsonBytes = Number(file.readBigUInt64LE(0));
const header = JSON.parse(file.toString('utf8', 8, 8 + jsonBytes));
const tensor = (name) => {
  const [from, to] = header[name].data_offsets;
  return new Float32Array(
    file.buffer.slice(file.byteOffset + 8 + jsonBytes + from, file.byteOffset + 8 + jsonBytes + to),
  );
};
const decoder = tensor('W_dec');
const bias = tensor('b_dec');
const [m, d] = header.W_dec.shape;

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

const words = (values) => Buffer.from(Uint32Array.from(values).buffer);

if (lie === 'crash') throw new Error('W_enc is missing');
const json = Buffer.from(
  JSON.stringify({
    d_in: lie === 'shape' ? d + 1 : d,
    d_sae: m,
    forms: lie === 'form' ? ['inference'] : ['training', 'inference'],
    ...(lie === 'norm' && { row_norm: 'layer_norm' }),
    ...(lie === 'batch-norm' && { row_norm: 'batch_norm' }),
  }),
);
if (lie === 'huge') decoder.fill(1e30);
if (lie === 'decoder') decoder[3] = Number.NaN;
write(Buffer.concat([Buffer.from(lie === 'magic' ? 'SAECODE9' : 'SAECODE1'), words([json.length]), json]));
write(Buffer.concat([Buffer.from(decoder.buffer), Buffer.from(bias.buffer)]));

read(16);
for (let frame = read(16); frame; frame = read(16)) {
  const rows = frame.readUInt32LE(4);
  const bytes = read(rows * d * 4);
  const x = new Float32Array(bytes.buffer, bytes.byteOffset, rows * d);
  if (lie === 'hang') {
    console.error(`pid ${process.pid}`);
    setInterval(() => {}, 1000);
    break;
  }
  if (lie === 'flood') {
    write(words([rows, rows * m]));
    break;
  }
  const offsets = [0];
  const indices = [];
  const values = [];
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < m; i++) {
      let h = 0;
      for (let k = 0; k < d; k++) h += (x[row * d + k] - bias[k]) * decoder[i * d + k];
      if (lie === 'dense' || h > 1) {
        indices.push(i);
        values.push(lie === 'dense' ? 1 : h);
      }
    }
    offsets.push(indices.length);
  }
  if (lie === 'range') indices[5] = m;
  if (lie === 'order') [indices[0], indices[1], offsets[1]] = [3, 3, Math.max(2, offsets[1])];
  if (lie === 'nan') values[7] = Number.NaN;
  const answer = Buffer.concat([
    words([lie === 'rows' ? rows - 1 : rows, indices.length]),
    words(offsets),
    words(indices),
    Buffer.from(Float32Array.from(values).buffer),
  ]);
  if (lie === 'short') {
    write(answer.subarray(0, answer.length / 2));
    break;
  }
  write(answer);
  write(answer);
}
