// Packs what `npm run gpu:proof` needs into one archive, for a machine that has nothing but a driver.
//   npm run gpu:pack
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { startWorking } from '#contract/working';
import { makeWritable } from '#host/writable';
import { importedPackages, packageFolders } from './packages.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
/** The folders whose code the proof runs. */
const ROOMS = ['bench', 'contract', 'engine', 'host', 'sae', 'speed'];
const NAME = 'gpu-proof';
const MOST_BYTES = 60e6;
/** What nothing here reads: maps, types, tests and browsers' forms of packages, pictures of the documents. */
const UNREAD = /\.map$|\.d\.[mc]?ts$|_test\.js$|\/tf-[\w-]+(\.es2017|\.fesm)?(\.min)?\.js$|^docs\/pictures\//;

/** Only the shell's own words: PATH may be empty. */
const START = `#!/bin/sh
# Runs the proof with the Node beside this file: ./${NAME} --minutes 8
cd "\${0%/*}" || exit 2
exec ./bin/node --import ./host/start.mjs speed/proof/main.ts "$@"
`;

const command = program(
  'npm run gpu:pack --',
  'Packs Node, the packages that are needed and the repository: the proof of a GPU for a machine with nothing but its driver.',
)
  .option('--out <file>', 'the archive', 'state/gpu-proof.tgz')
  .addHelpText(
    'after',
    `
Example:
  npm run gpu:pack && scp state/gpu-proof.tgz machine:
  ssh machine 'tar -xzf gpu-proof.tgz && ./gpu-proof/gpu-proof --minutes 8'
The machine needs the system of this one (${process.platform} on ${process.arch}), its C and C++ libraries, and a GPU's driver; no network, no Node, no git.
A whole run (--full) builds the world synth-16k:seed=1 there: the published bands are an expectation on it.`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const out = resolve(command.opts<{ out: string }>().out);
  makeWritable('--out', dirname(out));
  const work = startWorking('packing');
  const stage = mkdtempSync(join(tmpdir(), 'gpu-pack-'));
  try {
    lay(join(stage, NAME));
    await compress(stage, out);
  } finally {
    work.end();
    rmSync(stage, { recursive: true, force: true });
  }
  const { size } = statSync(out);
  if (size > MOST_BYTES)
    throw new UserError(`${out}: has ${megabytes(size)}, and ${megabytes(MOST_BYTES)} is the limit`, 1);
  process.stdout.write(
    `${out}: ${megabytes(size)}\non the machine: tar -xzf ${NAME}.tgz && ./${NAME}/${NAME} --minutes 8\n`,
  );
  return 0;
});

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Packages within a package: each that is needed is copied by itself. */
function isOwnModules(path: string, from: string): boolean {
  return relative(from, path) === 'node_modules';
}

/** Lays everything into a folder as it is unpacked. */
function lay(folder: string): void {
  const copy = (path: string): void => {
    if (UNREAD.test(path)) return;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(REPOSITORY, path), join(folder, path));
  };
  for (const path of tracked()) copy(path);
  for (const from of packageFolders(REPOSITORY, importedPackages(REPOSITORY, ROOMS))) {
    const filter = (path: string): boolean => !UNREAD.test(path) && !isOwnModules(path, from);
    cpSync(from, join(folder, relative(REPOSITORY, from)), { recursive: true, dereference: true, filter });
  }
  mkdirSync(join(folder, 'bin'));
  copyFileSync(process.execPath, join(folder, 'bin', 'node'));
  chmodSync(join(folder, 'bin', 'node'), 0o755);
  writeFileSync(join(folder, NAME), START, { mode: 0o755 });
}

/** The files of the repository as they are now. @throws UserError without git */
function tracked(): string[] {
  const { status, stdout, error } = spawnSync('git', ['ls-files', '-z'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new UserError(`the files of the repository are not known: ${error?.message ?? 'git failed'}`);
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(REPOSITORY, path)));
}

async function compress(stage: string, out: string): Promise<void> {
  const tar = spawn('tar', ['-C', stage, '--owner=0', '--group=0', '-cf', '-', NAME], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((done, refuse) => tar.on('close', done).on('error', refuse));
  await Promise.all([pipeline(tar.stdout, createGzip(), createWriteStream(out)), ended]);
  if ((await ended) !== 0) throw new UserError(`${out}: tar failed`, 1);
}
