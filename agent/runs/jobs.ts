import type { RunSpec } from '#contract/run';
import type { SprintState } from '../journal/state.ts';
import { ToolMistake } from '../requests/paths.ts';
import { freshTicket, type Job, newJob } from './job.ts';

/** The jobs of one sprint, in the order of their requests, whether they wait, train or have ended. */
export class Jobs {
  readonly #all: Job[] = [];

  /** `before`: ids of the runs of a resumed sprint that have ended. */
  constructor(before: readonly string[], sprint: Pick<SprintState, 'tickets' | 'waiting'> | null) {
    const { tickets = {}, waiting = [] } = sprint ?? {};
    // Queued runs have their tickets already.
    const taken = [...waiting, ...Object.values(tickets).map((ticket) => ({ ticket }))];
    for (const run of before) {
      const job = newJob([...this.#all, ...taken], tickets[run]);
      this.#all.push({ ...job, run, state: 'ended' });
    }
  }

  /** A ticket that no job has, nor one of these. */
  freshTicket(...taken: readonly string[]): string {
    return freshTicket([...this.#all, ...taken.map((ticket) => ({ ticket }))]);
  }

  add(spec: RunSpec, ticket: string): Job {
    const job = { ...newJob(this.#all, ticket), spec };
    this.#all.push(job);
    return job;
  }

  /** The job with this id of a run, or this ticket. @throws ToolMistake that lists the ids there are. */
  get(id: string): Job {
    const job = this.#all.find((j) => j.run === id || j.ticket === id);
    if (job) return job;
    const known = this.#all.map((j) => j.run ?? j.ticket).join(', ') || 'none yet';
    throw new ToolMistake(`no run "${id}" in this sprint; name one of its runs: ${known}`);
  }

  /** The id of the run that has started with this ticket. */
  runOf(ticket: string): string | undefined {
    return this.#all.find((job) => job.ticket === ticket)?.run ?? undefined;
  }

  get unended(): Job[] {
    return this.#all.filter((job) => job.state !== 'ended');
  }

  /** What the runs train that wait or train, each with its id or its ticket. */
  get openSpecs(): { id: string; spec: RunSpec }[] {
    return this.unended.flatMap(({ spec, run, ticket }) => (spec ? [{ id: run ?? ticket, spec }] : []));
  }

  /** Ids of the runs that were started, in order. */
  get started(): string[] {
    return this.#all.flatMap((job) => (job.run === null ? [] : [job.run]));
  }
}
