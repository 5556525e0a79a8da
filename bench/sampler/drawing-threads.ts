/** Threads that a machine of very many cores does not need: some 1.2 million samples a second at 16k. */
const MOST = 32;

/**
 * Threads that draw samples ahead of a trainer, by the cores of the machine: all but two, of which the
 * trainer's process needs one. A trainer on a GPU waits for them: 8 threads of 16 cores drew 372,000
 * samples/s at 16k and 16 drew 615,000, where a step on an H200 took 604,000. A trainer on the processor
 * waits for none, and threads whose batches lie ready draw nothing. On two cores the data service draws by
 * its own thread (0).
 */
export const drawingThreads = (cores: number): number => (cores <= 2 ? 0 : Math.min(MOST, cores - 2));
