/** How a backend is tried. */
export interface Trial<Started> {
  /** Why it is passed over, as far as that is known without starting it; null if it may be tried. */
  missing(name: string): Promise<string | null>;
  /** Starts it, golden step included. @throws Error, one line */
  start(name: string): Promise<Started>;
  /** Milliseconds of a training step on the one that was started last. */
  time(): number;
}

/** What a backend that was started says of itself. */
export interface Tried {
  gpu: boolean;
  /** Why it is not taken although it runs; what computes in software on a GPU's backend says so. */
  notByItself?: string;
}

/** Which backends there are, in the order in which they are tried. */
export interface Candidates {
  names: readonly string[];
  /** Those whose failure is passed over. */
  gpus: readonly string[];
  /** By name, another whose place it takes where that does not run: the two share one device. */
  insteadOf: Readonly<Record<string, string>>;
  /** The one on the processor that GPUs are compared with. */
  processor: string;
}

/** A later one has to take less than this share of the time of one before it, so that a choice is stable. */
const MARGIN = 0.8;

/**
 * The backend to take, and why in one line: where no GPU runs, the first that runs; else the one with the
 * fastest training step among the GPUs that pass their golden step and the processor.
 * @throws Error where a backend fails that is none of a GPU; null where nothing runs
 */
export async function chooseBackend<Started extends Tried>(
  { names, gpus, insteadOf, processor }: Candidates,
  trial: Trial<Started>,
): Promise<{ name: string; started: Started; why: string } | { why: string; name: null }> {
  const passedOver: string[] = [];
  const timed: { name: string; started: Started; ms: number }[] = [];
  for (const name of names) {
    const isOfGpu = gpus.includes(name);
    if (timed.length > 0 && !isOfGpu && name !== processor) break;
    const running = timed.find((other) => other.name === insteadOf[name]);
    const missing = running ? `not needed where ${running.name} runs` : await trial.missing(name);
    if (missing !== null) {
      passedOver.push(`${name}: ${missing}`);
      continue;
    }
    try {
      const started = await trial.start(name);
      if (started.notByItself !== undefined) {
        passedOver.push(`${name}: ${started.notByItself}`);
      } else if (timed.length === 0 && !isOfGpu) {
        const why = [`the first that runs here of ${names.join(', ')}`, ...passedOver].join('; ');
        return { name, started, why };
      } else {
        timed.push({ name, started, ms: trial.time() });
      }
    } catch (error) {
      if (!isOfGpu) throw error;
      passedOver.push((error as Error).message.replace('backend ', ''));
    }
  }
  const best = timed.reduce<(typeof timed)[number] | null>(
    (fastest, one) => (fastest === null || one.ms < MARGIN * fastest.ms ? one : fastest),
    null,
  );
  if (best === null) return { name: null, why: passedOver.join('; ') };
  const times = timed.map(({ name, ms }) => `${name} ${ms.toFixed(1)} ms`).join(', ');
  const why = [`the fastest training step here: ${times}`, ...passedOver].join('; ');
  return { name: best.name, started: best.started, why };
}
