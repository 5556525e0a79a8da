import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise } from 'yauzl';
import { UserError } from '#contract/errors';

/**
 * What is needed of the wheels: the libraries of TensorFlow and CUDA, the headers of TensorFlow's C
 * interface, what CUDA compiles kernels with, and the licences. The rest is Python.
 */
const NEEDED = [
  /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/,
  /^tensorflow\/include\/(tensorflow\/c|tensorflow\/c\/eager|xla\/tsl\/c)\/[\w.]+\.h$/,
  /^tensorflow\/include\/(tensorflow\/core|tsl)\/platform\/ctstring\w*\.h$/,
  /^nvidia\/\w+\/lib\/[\w.+-]+\.so[\d.]*$/,
  /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/[\w.]+)$/,
  /^[\w.+-]+\.dist-info\/(licenses\/)?(LICENSE|License|NOTICE)[\w.]*$/,
];

/**
 * Unpacks what is needed of a wheel into a folder, beside the other wheels, as pip lays them out: there
 * TensorFlow's library looks for those of CUDA. Names that leave the folder are refused by the reader.
 * @throws UserError if the file is no archive or the disk is full.
 */
export async function unpackWheel(path: string, folder: string): Promise<number> {
  try {
    const zip = await openPromise(path, { lazyEntries: true });
    let files = 0;
    for await (const entry of zip.eachEntry() as AsyncIterable<Entry>) {
      if (!NEEDED.some((pattern) => pattern.test(entry.fileName))) continue;
      const to = join(folder, entry.fileName);
      mkdirSync(dirname(to), { recursive: true });
      const mode = entry.fileName.includes('/bin/') ? 0o755 : 0o644;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(to, { mode }));
      files += 1;
    }
    return files;
  } catch (error) {
    throw new UserError(`${path} was not unpacked: ${(error as Error).message}`, 1);
  }
}
