import { endianness } from 'node:os';

/*
 * A filter of system calls for a sandbox. No namespace covers the keyrings of the kernel: a process inside
 * keeps the session keyring of the login or service that started us. What one run left there the next one and
 * the researcher's shell could read, and so could they the user's own keys, such as Kerberos tickets.
 */

interface Machine {
  /** What the kernel calls the machine (AUDIT_ARCH_...). */
  arch: number;
  /** add_key, request_key and keyctl, which are in a row. */
  keys: readonly number[];
  /** Calls from here on are of another convention, with numbers of its own (x32). */
  otherFrom?: number;
}

const MACHINES: Partial<Record<string, Machine>> = {
  x64: { arch: 0xc000003e, keys: [248, 249, 250], otherFrom: 0x40000000 },
  arm64: { arch: 0xc00000b7, keys: [217, 218, 219] },
};

/** Instructions of the filter (linux/bpf_common.h), which reads a call as {number, machine, ...}. */
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const [AT_NUMBER, AT_MACHINE] = [0, 4];
const ALLOW = 0x7fff0000;
/** Fails with ENOSYS, as on a kernel without keyrings: programs that use them where they exist go on. */
const REFUSE = 0x00050000 | 38;

/**
 * The filter, for bwrap's --seccomp: calls for keyrings, and all calls by the convention of another machine
 * (32 bits), do not exist. Null for a machine whose numbers are not listed.
 */
export function callFilter(machine: string = process.arch): Buffer | null {
  const known = MACHINES[machine];
  if (!known || endianness() !== 'LE') return null;
  const { arch, keys, otherFrom } = known;
  const refused: [code: number, value: number][] = [
    ...(otherFrom === undefined ? [] : [[JUMP_IF_AT_LEAST, otherFrom] as [number, number]]),
    ...keys.map((key): [number, number] => [JUMP_IF_EQUAL, key]),
  ];
  // A jump skips as many instructions as it says; the last instruction is REFUSE, ALLOW stands before it.
  const toRefuse = (after: number) => refused.length - after;
  return Buffer.concat([
    instruction(LOAD, AT_MACHINE),
    instruction(JUMP_IF_EQUAL, arch, 0, toRefuse(0) + 2),
    instruction(LOAD, AT_NUMBER),
    ...refused.map(([code, value], i) => instruction(code, value, toRefuse(i), 0)),
    instruction(RETURN, ALLOW),
    instruction(RETURN, REFUSE),
  ]);
}

/** One instruction; a jump goes `yes` or `no` instructions further. */
function instruction(code: number, value: number, yes = 0, no = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(yes, 2);
  bytes.writeUInt8(no, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
