import type { DeviceBuffer } from './buffers.ts';
import { asChain, type Chain, joined, launchOf } from './chain.ts';
import type { Launch, Numbers } from './launch.ts';

/** What a launch reads and writes. */
interface Accesses {
  reads: Set<DeviceBuffer>;
  writes: Set<DeviceBuffer>;
}

/** A launch of the fused step: one as it was, or several elementwise ones. */
type Item = Accesses & ({ kind: 'launch'; launch: Launch } | { kind: 'chain'; chain: Chain });

/**
 * The launches of a step with fewer of them, which do the same in the same order wherever one depends on
 * another: elementwise launches over arrays of one size become one, and launches of a kernel that takes
 * several members become one. Results have the same bits. `upload` brings a program to the device.
 */
export function fused(launches: readonly Launch[], upload: (values: Numbers) => DeviceBuffer): Launch[] {
  const items: Item[] = [];
  for (const launch of launches) {
    const accesses = accessesOf(launch);
    const chain = asChain(launch);
    if (chain ? joinChain(items, chain, accesses) : joinBatch(items, launch, accesses)) continue;
    items.push(chain ? { kind: 'chain', chain, ...accesses } : { kind: 'launch', launch, ...accesses });
  }
  return items.map((item) => {
    if (item.kind === 'launch') return item.launch;
    // A chain of one is what it was.
    return item.chain.alone ?? launchOf(item.chain, upload);
  });
}

function accessesOf({ args, outputs }: Launch): Accesses {
  const [reads, writes] = [new Set<DeviceBuffer>(), new Set<DeviceBuffer>()];
  for (const [i, argument] of args.entries()) {
    if (argument === null || typeof argument === 'number') continue;
    reads.add(argument);
    if (outputs[i]) writes.add(argument);
  }
  return { reads, writes };
}

const meet = (a: Set<DeviceBuffer>, b: Set<DeviceBuffer>): boolean => [...a].some((buffer) => b.has(buffer));

/** Whether two launches must stay in their order. */
const depend = (a: Accesses, b: Accesses): boolean =>
  // What a launch writes is among what it reads.
  meet(a.writes, b.reads) || meet(b.writes, a.reads);

/** Puts a launch to the last chain that it can join without passing one that it depends on. */
function joinChain(items: Item[], chain: Chain, accesses: Accesses): boolean {
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item.kind === 'chain') {
      const both = joined(item.chain, chain);
      if (both) {
        item.chain = both;
        add(item, accesses);
        return true;
      }
    }
    if (depend(item, accesses)) return false;
  }
  return false;
}

function joinBatch(items: Item[], launch: Launch, accesses: Accesses): boolean {
  if (!launch.batch) return false;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (depend(item, accesses)) return false;
    const both = item.kind === 'launch' ? together(item.launch, launch) : null;
    if (!both || item.kind !== 'launch') continue;
    item.launch = both;
    add(item, accesses);
    return true;
  }
  return false;
}

function add(item: Accesses, { reads, writes }: Accesses): void {
  for (const buffer of reads) item.reads.add(buffer);
  for (const buffer of writes) item.writes.add(buffer);
}

/** Members that a launch of such a kernel takes. */
const MEMBERS = 4;

/** Two launches of one kernel over members of one size, as one; null where they do not fit together. */
function together(a: Launch, b: Launch): Launch | null {
  const [one, two] = [a.batch, b.batch];
  if (!one || !two || a.group !== b.group || a.name !== b.name || a.defines !== b.defines) return null;
  const same = (x: readonly number[], y: readonly number[]) =>
    x.length === y.length && x.every((v, i) => v === y[i]);
  const fits =
    same(one.numbers, two.numbers) &&
    a.range.global[0] === b.range.global[0] &&
    same(a.range.local, b.range.local) &&
    one.members.length + two.members.length <= MEMBERS;
  if (!fits) return null;
  return batched(a, [...one.members, ...two.members], one.numbers);
}

/** The launch with these members: their buffers, of each role MEMBERS of them, and then the numbers. */
export function batched(
  launch: Pick<Launch, 'group' | 'name' | 'range' | 'defines' | 'outputs'>,
  members: readonly (readonly DeviceBuffer[])[],
  numbers: readonly number[],
): Launch {
  const roles = members[0].map((_, role) =>
    Array.from({ length: MEMBERS }, (_, i) => members[i]?.[role] ?? null),
  );
  const range = { global: [launch.range.global[0], members.length], local: launch.range.local };
  return { ...launch, range, args: [...roles.flat(), ...numbers], batch: { members, numbers } };
}
