import { existsSync, readFileSync } from 'node:fs';
import { BeganFrom } from '#contract/began-from';
import { plain } from '#contract/text';
import { beganFromFile } from '../common/paths.ts';
import { show } from '../common/words.ts';
import { severalWords } from './tables.ts';

/** What the run branch of these sprints began with; null where it began with the user's workspace. */
export function readBeganFrom(sprintsDir: string): BeganFrom | null {
  const path = beganFromFile(sprintsDir);
  return existsSync(path) ? parsedBeganFrom(readFileSync(path, 'utf8')) : null;
}

/** A file that cannot be read costs its line alone. */
export function parsedBeganFrom(text: string): BeganFrom | null {
  try {
    return BeganFrom.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** What it began with, and the numbers that this had there: `run/2026-02-19 (1234567ab), sprint 7: ...`. */
export function beganInWords({ from, sprint, metrics, confirmed }: BeganFrom, metric: string): string {
  const value = metrics[sprint?.metric ?? metric];
  const name = sprint?.metric ?? metric;
  const numbers = [
    ...(value === undefined ? [] : [`${name} ${show(value)} verified`]),
    ...(confirmed ? [`${severalWords(confirmed, name)} confirmed`] : []),
  ];
  // The words of a run name its sprint.
  const of = sprint === null || from.includes('(sprint ') ? '' : `, sprint ${sprint.number}`;
  return plain(`${from}${of}${numbers.length === 0 ? '' : `: ${numbers.join(', ')}`}`);
}
