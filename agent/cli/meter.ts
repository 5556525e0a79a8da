import type { Progress } from '#contract/run';
import { clock } from '#contract/working';

const EVERY_MS = { terminal: 100, plain: 5000 };
const BAR = 24;
const MOST_NUMBERS = 3;

/**
 * Shows how a run goes: one line that is drawn again and again on a terminal, else a plain line every few
 * seconds (and for the last step). Writes to standard error, so that standard output stays for results.
 */
export class Meter {
  private shownAt = Number.NEGATIVE_INFINITY;

  /** `names`: the logged numbers to show; where none is named, the first that were logged. */
  constructor(
    private readonly names: readonly string[] = [],
    private readonly out: NodeJS.WriteStream = process.stderr,
  ) {}

  show(progress: Progress): void {
    const now = performance.now();
    const last = progress.samples >= progress.totalSamples;
    if (!last && now - this.shownAt < EVERY_MS[this.out.isTTY ? 'terminal' : 'plain']) return;
    this.shownAt = now;
    if (!this.out.isTTY) this.out.write(`${progressLine(progress, this.names)}\n`);
    else {
      const line = `${bar(progress)} ${progressLine(progress, this.names)}`.slice(
        0,
        (this.out.columns || 120) - 1,
      );
      this.out.write(`\r\x1b[K${line}`);
    }
  }

  /** Ends the line, so that it stays on the terminal. */
  end(): void {
    if (this.out.isTTY && this.shownAt > 0) this.out.write('\n');
  }
}

/** `42% · 1.72M of 4.10M samples · 152k samples/s · 0:16 left · loss 0.0123 · accuracy 0.81` */
export function progressLine(progress: Progress, names: readonly string[] = []): string {
  const { samples, totalSamples, samplesPerSecond, etaSeconds, values } = progress;
  const all = Object.entries(values);
  const known = names.flatMap((name) => all.filter(([other]) => other === name));
  const numbers = (known.length > 0 ? known : all.slice(0, MOST_NUMBERS)).map(
    ([name, value]) => `${name} ${Number(value.toPrecision(3))}`,
  );
  return [
    // A run of fewer samples than a batch trains a whole batch, and would show more than 100%.
    `${Math.min(100, Math.floor((100 * samples) / Math.max(1, totalSamples)))}%`,
    `${count(samples)} of ${count(totalSamples)} samples`,
    // The first step compiles and allocates: its speed would mislead.
    ...(etaSeconds === undefined
      ? ['time left not known yet']
      : [`${count(samplesPerSecond)} samples/s`, `${clock(etaSeconds)} left`]),
    ...numbers,
  ].join(' · ');
}

function bar({ samples, totalSamples }: Progress): string {
  const full = Math.min(BAR, Math.max(0, Math.round((BAR * samples) / Math.max(1, totalSamples))));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** 950 · 12.3k · 4.10M · 2.00G */
export function count(n: number): string {
  const [size, letter] = (
    [
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([from]) => n >= 0.9995 * from) ?? [1, ''];
  return letter === '' ? String(Math.round(n)) : `${(n / size).toPrecision(3)}${letter}`;
}
