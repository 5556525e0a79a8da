/** A place where one run can train. */
export interface Slot {
  /** The GPU that it is on; null: the run's trainer chooses. */
  device: string | null;
  /** Threads of the trainer; unset: its own choice. */
  threads?: number;
}

/** A request for a slot. */
export interface Turn {
  /** Whether it waits: no slot was free for it when it was asked for. */
  waits: boolean;
  /** The slot, once it is this turn; null where it was withdrawn before. */
  slot: Promise<Slot | null>;
  /** Leaves the queue. Nothing changes where the slot was given already. */
  withdraw(): void;
}

interface Waiting {
  by: string;
  give(slot: Slot | null): void;
}

/** How many slots are free and held, and how many runs wait. */
export interface Counts {
  free: number;
  held: number;
  waiting: number;
}

/**
 * The slots that all researchers share. A slot that is free goes to the researcher who has waited longest
 * for a turn since its last one (round robin), and to the runs of one researcher in the order of their
 * requests. Of several free slots, the one on the device with the fewest runs is taken.
 */
export class DevicePool {
  #all: readonly Slot[];
  #free: Slot[];
  readonly #held: Slot[] = [];
  #queue: Waiting[] = [];
  #turns = 0;
  /** When each researcher had its last turn, by the number of that turn. */
  readonly #last = new Map<string, number>();
  readonly #watchers = new Set<(counts: Counts) => void>();

  constructor(slots: readonly Slot[]) {
    if (slots.length === 0) throw new Error('a pool without a slot would never start a run');
    this.#all = [...slots];
    this.#free = [...slots];
  }

  /** How many runs can train at a time. */
  get size(): number {
    return this.#all.length;
  }

  /** Asks for a slot. It is given in the same step where one is free. */
  ask(by: string): Turn {
    const waiting: Waiting = { by, give: () => {} };
    const slot = new Promise<Slot | null>((resolve) => {
      waiting.give = resolve;
    });
    this.#queue.push(waiting);
    this.#serve();
    return {
      waits: this.#queue.includes(waiting),
      slot,
      withdraw: () => {
        if (!this.#queue.includes(waiting)) return;
        this.#queue = this.#queue.filter((other) => other !== waiting);
        waiting.give(null);
        this.#tell();
      },
    };
  }

  /** Gives a slot back, for the next run that waits. */
  release(slot: Slot): void {
    const at = this.#held.indexOf(slot);
    if (at === -1) throw new Error('a slot was given back twice');
    this.#held.splice(at, 1);
    // One that the pool no longer has ends with its run.
    if (this.#all.includes(slot)) this.#free.push(slot);
    this.#serve();
  }

  /** Whether another researcher waits for a slot. */
  isWantedBeside(by: string): boolean {
    return this.#queue.some((waiting) => waiting.by !== by);
  }

  /**
   * Has these slots from now on. A run keeps the slot that it holds to its end; until then no more runs train
   * than there are slots now. Returns whether that changes anything.
   */
  become(slots: readonly Slot[]): boolean {
    if (slots.length === 0) throw new Error('a pool without a slot would never start a run');
    const kept = [...this.#all];
    const same = (slot: Slot) =>
      kept.findIndex(({ device, threads }) => device === slot.device && threads === slot.threads);
    const all = slots.map((slot) => {
      const at = same(slot);
      return at === -1 ? slot : (kept.splice(at, 1)[0] ?? slot);
    });
    const changes = kept.length > 0 || all.length !== this.#all.length;
    this.#all = all;
    this.#free = all.filter((slot) => !this.#held.includes(slot));
    this.#serve();
    return changes;
  }

  /** Calls back at each change of the counts. Returns a function that unsubscribes. */
  watch(watcher: (counts: Counts) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #serve(): void {
    while (this.#free.length > 0 && this.#queue.length > 0 && this.#held.length < this.size) {
      const last = ({ by }: Waiting) => this.#last.get(by) ?? 0;
      const next = this.#queue.reduce((first, other) => (last(other) < last(first) ? other : first));
      this.#queue = this.#queue.filter((other) => other !== next);
      this.#turns++;
      this.#last.set(next.by, this.#turns);
      const slot = this.#emptiest();
      this.#held.push(slot);
      next.give(slot);
    }
    this.#tell();
  }

  #tell(): void {
    const counts = { free: this.#free.length, held: this.#held.length, waiting: this.#queue.length };
    for (const watcher of this.#watchers) watcher(counts);
  }

  #emptiest(): Slot {
    const load = ({ device }: Slot) => this.#held.filter((other) => other.device === device).length;
    let at = 0;
    this.#free.forEach((slot, i) => {
      if (load(slot) < load(this.#free[at] as Slot)) at = i;
    });
    return this.#free.splice(at, 1)[0] as Slot;
  }
}
