// The data service: activations x of a world, and nothing else, on standard output.
//   npm run --silent serve -- --profile small --seed 0 --rows 1000000 > /tmp/stream
//   npm run --silent serve -- --world synth-16k --seed 0 --from 1000
//   npm run --silent serve -- --world activations:/data/gpt2-layer-6 --seed 0
import { writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { refuseTerminalOutput, TO_TERMINAL } from '#contract/binary';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { fullDisk } from '#contract/output';
import { writeRows } from '../activations/write-world.ts';
import { ours } from '../judge/own-fault.ts';
import { openDeviceSampler, SAMPLERS, type SamplerName } from '../sampler/device/open.ts';
import { drawingThreads } from '../sampler/drawing-threads.ts';
import { drawnOnDemand, type Frames, openFrames } from '../sampler/frames.ts';
import { type RingEnds, ringEnds } from '../stream/ring-reader.ts';
import { RingWriter } from '../stream/ring-writer.ts';
import { type Sink, StreamWriter } from '../stream/writer.ts';
import { isRowsWorld, openWorld, profileWorld } from '../worlds.ts';

interface Options {
  profile: string;
  world?: string;
  seed: number;
  from: number;
  rows?: number;
  batch: number;
  threads: number;
  sampler: SamplerName;
  ring?: RingEnds;
  into?: string;
  toTerminal: boolean;
}

const REPORT_MS = 1000;

/** What is served: frames, and what to count of them beside rows and batches. */
interface Source {
  d: number;
  frames: Iterable<Frame> | AsyncIterable<Frame>;
  counts?(rows: number): object;
  stop?(): void;
}

type Frame = Parameters<Sink['send']>[0];

/** Limits a frame of a world of 16k's size to 200 MB: each thread draws several frames ahead. */
const MAX_BATCH = 1 << 16;
const MAX_THREADS = 64;

/**
 * Writes the rows and batches served so far as a JSON line on standard error. The line is repeated, so that
 * a count remains where the process ends without warning.
 */
function report({ rows, frames }: { rows: number; frames: number }, { counts }: Source): void {
  tell({ served: { rows, batches: frames, ...counts?.(rows) } });
}

function ring(text: string): RingEnds {
  const ends = ringEnds(text);
  if (ends === null) throw new InvalidArgumentError('It must be two descriptors: 3,4.');
  return ends;
}

/** Draws samples of a world, or reads the training rows of a folder of activations. */
async function sourceOf(options: Options, profileGiven: boolean): Promise<Source> {
  const { seed, from, batch, rows = Number.POSITIVE_INFINITY } = options;
  const name = options.world ?? profileWorld(options.profile).world;
  // A secret world is a folder that only our side writes, and the loop names it beside its profile. By hand
  // `--world` stands instead of a profile, and a wrong path is a mistake of the person.
  const isOurs = isAbsolute(name) && (options.world === undefined || profileGiven);
  if (isRowsWorld(name)) {
    // Loaded here alone: the Arrow library takes a while.
    const { openRowsWorld } = await import('../activations/world.ts');
    const { openActivationFrames } = await import('../activations/frames.ts');
    const open = async () => openRowsWorld(name);
    const { activations, ...of } = isOurs ? await ours(open) : await open();
    const { split, rotate } = of;
    const asked = { seed, split, rotate, from, rows, batch };
    return { d: activations.d, ...openActivationFrames(activations, asked) };
  }
  const open = () => openWorld(name, building);
  const { world } = isOurs ? await ours(open) : await open();
  const request = { world, seed, from, rows, batch };
  const device = openDeviceSampler(options.sampler, world, seed, (line) => tell({ warning: line }));
  const frames = device
    ? drawnOnDemand(request, (...batches) => device.writeAndBeginNext(...batches), {
        atATime: device.atATime(batch),
        memory: (bytes) => device.hostMemory(bytes),
      })
    : await openFrames(request, options.threads);
  const drawnBy = device && { drawnBy: device.label };
  return {
    ...{ d: world.hiddenDim, frames: each(frames), stop: frames.stop },
    ...(drawnBy && { counts: () => drawnBy }),
  };
}

/** Writes rows of a world whose features are known, so that a judge without them can be compared with one. */
async function writeInto({ world: named, profile, seed, rows }: Options, folder: string): Promise<number> {
  if (rows === undefined) throw new UserError('--into needs the number of rows to write: --rows');
  const { world } = await openWorld(named ?? profileWorld(profile).world, building);
  writeRows(world, { seed, rows, folder }, (written) => tell({ written }));
  return 0;
}

function* each(frames: Frames): Generator<Frame> {
  for (let frame = frames.next(); frame; frame = frames.next()) yield frame;
}

function building(step: number, of: number): void {
  if (step % 10 === 0) tell({ building: { step, of } });
}

/** Writes a JSON line to standard error. A full disk there is ignored: it does not affect the stream. */
function tell(line: object): void {
  try {
    writeSync(2, `${JSON.stringify(line)}\n`);
  } catch (error) {
    if (fullDisk(error) === null) throw error;
  }
}

await runMain(async () => {
  const command = parsed(
    program(
      'npm run serve --',
      'Streams activations of a world to standard output (format: contract/stream.ts).',
    )
      .option('--profile <name>', 'profile of TASK.md whose world is served', 'small')
      .option(
        '--world <name>',
        'a world instead of a profile: its name, config (.json), folder, or activations:<folder>',
      )
      .option('--seed <n>', 'seed of the samples', whole(0), 0)
      .option('--from <batch>', 'index of the first batch', whole(0), 0)
      .option('--rows <n>', 'number of rows to serve (default: until the reader closes the pipe)', whole(1))
      .option('--batch <rows>', 'rows of a batch', whole(1, MAX_BATCH), 1024)
      .option(
        '--threads <n>',
        'number of threads that draw samples in advance (0: none)',
        whole(0, MAX_THREADS),
        drawingThreads(availableParallelism()),
      )
      .addOption(
        new Option(
          '--sampler <where>',
          'what draws: a card (device) draws other rows than the processor at the same seed; auto: a card where one is',
        )
          .choices(SAMPLERS)
          .default('processor'),
      )
      .option(
        '--ring <data,freed>',
        'descriptors of a ring in shared memory for the numbers, and of the pipe that tells which are read',
        ring,
      )
      .option(
        '--into <folder>',
        'write --rows rows as a folder of activations, with the active features as labels, and stream nothing',
      )
      .option(...TO_TERMINAL)
      .addHelpText(
        'after',
        '\nExamples:\n  npm run -s serve -- --profile small --seed 0 --rows 100000 | head -c 16 | xxd\n  npm run serve -- --profile small --rows 1000000 --into /data/small-rows',
      ),
  );
  if (!command) return 0;
  const options = command.opts<Options>();
  const { batch } = options;
  if (options.into !== undefined) return await writeInto(options, options.into);
  if (!options.toTerminal)
    refuseTerminalOutput('the rows', 'send them to a file (> rows.bin) or a program (| head -c 16 | xxd)');
  const source = await sourceOf(options, command.getOptionValueSource('profile') === 'cli');
  let served = { rows: 0, frames: 0 };
  let reported = performance.now();
  try {
    const header = { d: source.d, batchRows: batch };
    const writer = (options.ring && RingWriter.open(1, header, options.ring)) ?? new StreamWriter(1, header);
    served = writer;
    for await (const frame of source.frames) {
      writer.send(frame);
      if (performance.now() - reported > REPORT_MS) {
        report(served, source);
        reported = performance.now();
      }
    }
  } catch (error) {
    const full = fullDisk(error);
    if (full !== null) throw new UserError(`standard output: ${full}; the stream ends within it`, 1);
    // The reader has closed the stream because it needs no more rows.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  } finally {
    source.stop?.();
  }
  report(served, source);
  return 0;
});
