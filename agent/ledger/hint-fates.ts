import type { HintAnswer, Sprint } from '#contract/sprint';
import type { Outcome } from '#contract/verdict';
import { type Hint, hintsIn } from './hints.ts';

/** An answer to a hint, and what became of the sprint that gave it. */
export interface FateAnswer extends Pick<HintAnswer, 'answer' | 'why'> {
  sprint: number;
  id: string;
  title: string;
  /** Null while the sprint is open. */
  outcome: Outcome | null;
}

/** What became of a hint. */
export interface HintFate extends Hint {
  /** `replay`: only the offline replay has read it, which follows no hint. `unread`: no sprint has. */
  state: 'followed' | 'declined' | 'open' | 'replay' | 'unread';
  /** The numbers of the sprints whose researcher has read it. */
  read: number[];
  answers: FateAnswer[];
}

/** What is known of a sprint's hints: a closed sprint, or the open one before its end. */
type Heard = Pick<Sprint, 'number' | 'id' | 'title' | 'hints' | 'hintAnswers'> & {
  outcome: Outcome | null;
  researcher: Pick<Sprint['researcher'], 'kind'>;
};

interface Found extends Hint {
  read: number[];
  byClaude: boolean;
  answers: FateAnswer[];
}

/**
 * What became of each hint, in the order in which they were read. `waiting`: the present HINTS.md. Records of
 * earlier versions have hints without answers.
 */
export function hintFates(sprints: readonly Heard[], waiting = ''): HintFate[] {
  const found = new Map<string, Found>();
  // Most sprints have read the same text.
  const parsed = new Map<string, Hint[]>();
  const hintsOf = (text: string) => {
    const known = parsed.get(text) ?? hintsIn(text);
    parsed.set(text, known);
    return known;
  };
  const at = (hint: Hint): Found => {
    const known = found.get(hint.id) ?? { ...hint, read: [], byClaude: false, answers: [] };
    found.set(hint.id, known);
    return known;
  };
  for (const sprint of sprints) {
    const hints = (sprint.hints ?? []).flatMap(hintsOf);
    for (const hint of hints) {
      const known = at(hint);
      known.byClaude ||= sprint.researcher.kind === 'claude';
      if (known.read.at(-1) !== sprint.number) known.read.push(sprint.number);
    }
    for (const { hint, text, answer, why } of sprint.hintAnswers ?? []) {
      const { number, id, title, outcome } = sprint;
      at({ id: hint, text }).answers.push({ sprint: number, id, title, outcome, answer, why });
    }
  }
  for (const hint of hintsOf(waiting)) at(hint);
  return grown([...found.values()]).map(({ byClaude, ...hint }) => ({
    ...hint,
    state: stateOf(hint, byClaude),
  }));
}

function stateOf({ read, answers }: Pick<Found, 'read' | 'answers'>, byClaude: boolean): HintFate['state'] {
  if (answers.some(({ answer }) => answer === 'follow')) return 'followed';
  if (answers.length > 0) return 'declined';
  if (byClaude) return 'open';
  return read.length > 0 ? 'replay' : 'unread';
}

/** A hint to which words were added is one hint: what became of the shorter one is told of the longer one. */
function grown(all: readonly Found[]): Found[] {
  const kept: Found[] = [];
  for (const hint of all) {
    const before = kept.findIndex(
      ({ text, read }) =>
        hint.text.startsWith(`${text} `) && !read.some((sprint) => hint.read.includes(sprint)),
    );
    const shorter = kept[before];
    if (shorter === undefined) kept.push(hint);
    else
      kept[before] = {
        ...hint,
        read: [...shorter.read, ...hint.read],
        byClaude: shorter.byClaude || hint.byClaude,
        answers: [...shorter.answers, ...hint.answers],
      };
  }
  return kept;
}

/** How many hints there are of each state: `1 followed, 2 open`. */
export function statesInWords(fates: readonly HintFate[]): string {
  const counted = (['followed', 'declined', 'open', 'replay', 'unread'] as const).flatMap((state) => {
    const n = fates.filter((fate) => fate.state === state).length;
    return n === 0 ? [] : [`${n} ${STATES[state]}`];
  });
  return counted.join(', ');
}

const STATES: Record<HintFate['state'], string> = {
  ...{ followed: 'followed', declined: 'declined', open: 'open', unread: 'not read yet' },
  replay: 'read by the offline replay alone, which walks a fixed path',
};

/** What became of one hint, in our words alone: `followed in sprint 3 (no-gain)`. */
export function fateInWords({ state, read, answers }: HintFate): string {
  if (state === 'unread') return 'not read yet';
  const by = read.length > 0 ? `read in ${sprintsInWords(read)}` : 'read';
  if (state === 'replay') return `${by} by the offline replay, which walks a fixed path and follows no hint`;
  if (state === 'open') return `open: ${by}, and not answered`;
  const told = answers.map(({ answer, sprint, outcome }) =>
    answer === 'follow'
      ? `followed in sprint ${sprint} (${outcome ?? 'under way'})`
      : `declined in sprint ${sprint}`,
  );
  return told.join(', ');
}

/** `sprint 3`, `sprints 1 to 4`, `sprints 1, 3`. */
function sprintsInWords(numbers: readonly number[]): string {
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
  if (numbers.length === 1) return `sprint ${first}`;
  const isRow = numbers.every((number, at) => number === first + at);
  return `sprints ${isRow ? `${first} to ${last}` : numbers.join(', ')}`;
}
