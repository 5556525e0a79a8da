import type { Driver } from './driver.ts';
import type { Prepared } from './launch.ts';
import { DeviceError } from './library.ts';

/** What is known of a device's launches. */
interface Watched {
  counts: { launches: number };
  timeline: { isOn: boolean };
}

/**
 * Launches as one where the driver can, which is made when they are first queued. Where their times are
 * wanted, and where the driver refuses, they are queued one by one.
 */
export function together(
  launches: readonly Prepared[],
  graph: Driver['graph'],
  watched: Watched,
): readonly Prepared[] {
  if (!graph) return launches;
  let whole: Prepared | 'refused' | null = null;
  const queueAll = () => {
    for (const { queue } of launches) queue();
  };
  const queue = () => {
    const { counts, timeline } = watched;
    if (!timeline.isOn) whole ??= recorded(graph, queueAll, counts);
    if (timeline.isOn || whole === null || whole === 'refused') {
      queueAll();
      return;
    }
    whole.queue();
    counts.launches++;
  };
  const dispose = () => {
    if (whole !== null && whole !== 'refused') whole.dispose();
    for (const launch of launches) launch.dispose();
  };
  return [{ queue, dispose }];
}

/** The launches as one. A driver that refuses costs time alone, so it is only told. */
function recorded(
  graph: NonNullable<Driver['graph']>,
  queueAll: () => void,
  counts: Watched['counts'],
): Prepared | 'refused' {
  const before = counts.launches;
  try {
    return graph(queueAll);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    process.stderr.write(`device: its kernels are launched one by one: ${error.message}\n`);
    return 'refused';
  } finally {
    // Nothing was launched yet.
    counts.launches = before;
  }
}
