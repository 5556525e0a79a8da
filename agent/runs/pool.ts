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

/**
 * The slots that all researchers share. A slot that is free goes to the researcher who has waited longest
 * for a turn since its last one (round robin), and to the runs of one researcher in the order of their
 * requests. Of several free slots, the one on the device with the fewest runs is taken.
 */
export class DevicePool {
  readonly #free: Slot[];
  readonly #held: Slot[] = [];
  #queue: Waiting[] = [];
  #turns = 0;
  /** When each researcher had its last turn, by the number of that turn. */
  readonly #last = new Map<string, number>();

  constructor(slots: readonly Slot[]) {
    if (slots.length === 0) throw new Error('a pool without a slot would never start a run');
    this.#free = [...slots];
  }

  /** How many runs can train at a time. */
  get size(): number {
    return this.#free.length + this.#held.length;
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
      },
    };
  }

  /** Gives a slot back, for the next run that waits. */
  release(slot: Slot): void {
    const at = this.#held.indexOf(slot);
    if (at === -1) throw new Error('a slot was given back twice');
    this.#held.splice(at, 1);
    this.#free.push(slot);
    this.#serve();
  }

  #serve(): void {
    while (this.#free.length > 0 && this.#queue.length > 0) {
      const last = ({ by }: Waiting) => this.#last.get(by) ?? 0;
      const next = this.#queue.reduce((first, other) => (last(other) < last(first) ? other : first));
      this.#queue = this.#queue.filter((other) => other !== next);
      this.#turns++;
      this.#last.set(next.by, this.#turns);
      const slot = this.#emptiest();
      this.#held.push(slot);
      next.give(slot);
    }
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
