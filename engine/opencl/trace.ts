import { Arena } from './arena.ts';
import type { BufferPool, DeviceBuffer } from './buffers.ts';
import { fused } from './fuse.ts';
import type { Argument, Launch, Numbers, Prepared } from './launch.ts';

/** What a trace needs of its device. */
interface Tools {
  prepare(launch: Launch): Prepared;
  /** The same launches, or one that stands for them all. */
  together(launches: readonly Prepared[]): readonly Prepared[];
  /** Brings numbers to memory of their own. */
  upload(values: Numbers): DeviceBuffer;
  release(buffer: DeviceBuffer): void;
}

/**
 * What a step did on the device: its launches with their arguments, in the order of the queue, and what was
 * brought there for them. Two steps whose signatures and constants are the same do the same with the numbers
 * that lie there.
 */
export class Trace {
  readonly arena: Arena;
  private readonly launches: Launch[] = [];
  private readonly constants: { buffer: DeviceBuffer; values: Numbers }[] = [];
  /** Memory of others that the step reads or writes, and whether it writes it. */
  private readonly others = new Map<DeviceBuffer, boolean>();
  private readonly words: (string | number)[] = [];
  private prepared: readonly Prepared[] | null = null;
  private replayed: readonly Launch[] = [];
  private readonly programs: DeviceBuffer[] = [];
  /** Why the step cannot be replayed; null if it can. */
  problem: string | null = null;

  constructor(
    pool: BufferPool,
    private readonly tools: Tools,
  ) {
    this.arena = new Arena(pool);
  }

  /** Notes a launch of the step. */
  launch(launch: Launch): void {
    const { group, name, range, args, defines, outputs } = launch;
    this.launches.push(launch);
    this.words.push(group, name, defines, ...range.global, ...range.local);
    for (const [i, argument] of args.entries()) this.words.push(this.wordOf(argument, outputs[i] as boolean));
  }

  private wordOf(argument: Argument, isOutput: boolean): string | number {
    if (argument === null || typeof argument === 'number') return argument ?? 'none';
    const place = this.arena.placeOf(argument);
    if (place !== null) return `own ${place}`;
    this.others.set(argument, isOutput || this.others.get(argument) === true);
    return `other ${argument.handle}`;
  }

  /** Notes numbers that the step brought to the device. */
  upload(buffer: DeviceBuffer, values: Numbers): void {
    this.words.push('constant', this.arena.placeOf(buffer) ?? 'other');
    this.constants.push({ buffer, values: values.slice() });
  }

  /** To be called at the end of the step. */
  end(): void {
    if (this.arena.isInUse) this.problem ??= 'a tensor of the step outlives it';
    for (const [{ overwritten }, isWritten] of this.others) {
      if (isWritten && !overwritten) this.problem ??= 'it changes a tensor that it did not make';
    }
  }

  get signature(): string {
    return this.words.join(' ');
  }

  isSame({ signature, constants }: Trace): boolean {
    const same = (a: Numbers, b: Numbers) =>
      a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
    return (
      this.signature === signature &&
      this.constants.length === constants.length &&
      this.constants.every(({ values }, i) => same(values, constants[i].values))
    );
  }

  uses(buffer: DeviceBuffer): boolean {
    return this.others.has(buffer);
  }

  /** Memory of others that the step changes: the state of the training. */
  get state(): DeviceBuffer[] {
    return [...this.others].filter(([, isWritten]) => isWritten).map(([buffer]) => buffer);
  }

  /** Queues all that the step did, and says to the owners of what it changed that they know it no more. */
  replay(): void {
    this.prepared ??= this.prepareAll();
    for (const { queue } of this.prepared) queue();
    for (const buffer of this.state) buffer.overwritten?.();
  }

  private prepareAll(): readonly Prepared[] {
    const { prepare, together, upload } = this.tools;
    const launches = fused(this.launches, (values) => {
      const program = upload(values);
      this.programs.push(program);
      return program;
    });
    this.replayed = launches;
    return together(launches.map(prepare));
  }

  /** What a replay launches; empty before the first one. */
  get done(): readonly Launch[] {
    return this.replayed;
  }

  /** How many launches a replay makes. */
  get length(): number {
    return this.prepared?.length ?? this.launches.length;
  }

  dispose(): void {
    for (const program of this.programs.splice(0)) this.tools.release(program);
    this.arena.dispose();
    for (const launch of this.prepared ?? []) launch.dispose();
    this.prepared = null;
  }
}
