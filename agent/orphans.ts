import { readdirSync, readFileSync } from 'node:fs';
import { isAlive, processStart } from '#host/processes';

const MARK = 'LOOP_SUPERVISOR';

/** The environment of a child, marked with whose it is: all that it starts inherits the mark, also what leaves its group. */
export function supervised(env: Readonly<Record<string, string>>): Record<string, string> {
  return { ...env, [MARK]: `${process.pid}:${processStart(process.pid)}` };
}

/** Kills what dead supervisors left running: commands of a shell that outlived a kill -9. Gives how many there were. */
export function endOrphans(): number {
  let ended = 0;
  for (const name of readdirSync('/proc')) {
    const owner = /^\d+$/.test(name) ? ownerOf(name) : null;
    if (!owner || isAlive(owner.pid, owner.start)) continue;
    try {
      process.kill(Number(name), 'SIGKILL');
      ended++;
    } catch {} // It ended by itself meanwhile.
  }
  return ended;
}

function ownerOf(pid: string): { pid: number; start: string } | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    const match = new RegExp(`(?:^|\0)${MARK}=(\\d+):(\\d+)(?:\0|$)`).exec(environment);
    return match && { pid: Number(match[1]), start: match[2] };
  } catch {
    return null; // Not ours to read, or gone.
  }
}
