import type { MeasuredProfile } from '#contract/noise';
import type { Sprint } from '#contract/sprint';
import { guardsOf } from '#contract/task';
import type { TaskContract } from '#contract/task-contract';
import { planLines } from '../budget/plan.ts';
import { cut, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import { sprintLimitsInWords } from '../config/limits.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import { claimsOfOthers } from '../journal/state.ts';
import { conditionsInWords } from '../ledger/declared.ts';
import { fateInWords, hintFates } from '../ledger/hint-fates.ts';
import { readHints } from '../ledger/hint-file.ts';
import { marked } from '../ledger/hints.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { notebookInWords, notebookOf } from '../ledger/notes.ts';
import { sprintsWithoutGain } from '../ledger/stagnation.ts';
import { ledgerTable, severalWords } from '../ledger/tables.ts';
import { type Paper, papersInWords } from '../papers/papers.ts';
import type { Connection } from '../researcher/connection.ts';
import { handedInWords } from './handed.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
  papers: readonly Paper[];
}

/** The same text in every call of every sprint, so that the API reads it from its cache. */
export function systemPrompt({ workspace, train, check }: TaskContract): string {
  return `You are a researcher who works through the night without anybody to ask, one sprint after the other. Each sprint is a new conversation that tests one idea. A separate judge measures its result. The result is reported and committed, and the next sprint reads it.

How a sprint goes:
1. First read the ledger: read_results gives the earlier sprints with their verified numbers. Do not repeat an idea that was tried, unless you can say what is different now.
2. Start the sprint with start_sprint before you change or run anything. State one idea and what you expect of it, and predict numbers.
3. Work in ${workspace}/. Read the code before you change it, keep changes small and simple: a tiny gain that needs ugly code is not worth keeping. You may read earlier results, code and TASK.md. You may write only ${workspace}/ and the folder of your own sprint.
4. Train with run_experiment, never from the shell. A run is trained from the files of the workspace at the time of that call ("${train} --list" prints the experiments). Wait with wait_for_experiment. Screen cheaply before you spend a full budget, and compare only runs of the same budget and seed.
5. Keep a log: append what you did and saw to the README.md of your sprint's folder. Copy its numbers from tool results. What later sprints should know (a finding, a dead end, a question) goes into the shared notebook with note, short, and cites the notes and sprints that it builds on or answers.
6. End with finish_sprint. A negative result is a result: say plainly what did not work. Name a run as candidate only if you believe that it beats the present best on the deciding metric within the constraints; otherwise pass null.

Claimed numbers come from the trainer. Measured numbers come from snapshots of a run, judged on few fresh samples. Verified numbers are the judge's verdict, and only they decide. A candidate's tree must pass "${check}".

Every command starts in a new shell at the root of the repository. Nothing carries over to the next command, and processes that a command leaves running are ended.`;
}

/** The first message of a sprint: the line that starts it, the brief, and the present state. */
export function sprintPrompt(loop: LoopParts, number: number): string {
  const {
    config: { task, leaderboard, repo },
    ledger,
  } = loop;
  const mine = ledger.of(leaderboard);
  const best = bestOf(mine, leaderboard);
  const { contract } = task;
  return [
    'Follow the instructions in TASK.md.',
    `<task title="${contract.title}">\n${task.brief.trim()}\n</task>`,
    `# Sprint ${number}\n\n${conditions(loop)}\n${standing(loop)}\n${planLines(loop, { sprints: mine, mine: [] }).join('\n')}`,
    `# Present best\n\n${
      best
        ? `Sprint ${best.number} (${best.id}), run ${best.candidate}: ${numbers(best.verdict?.metrics, contract)}${best.confirmed ? `; confirmed on ${contract.secret.many}: ${contract.metric} ${severalWords(best.confirmed.candidate, contract.metric)}` : ''}.${remarksOf(best)}`
        : 'None yet on this leaderboard: the first valid verified result becomes the best.'
    }`,
    `# Ledger (leaderboard ${leaderboard})\n\n${ledgerTable(mine, contract)}`,
    notebookInWords(notebookOf(ledger.sprints, loop.journal.state().notes)),
    papersInWords(loop.papers, repo),
    handedInWords(loop.journal.sprint?.handed ?? null, mine),
    underWay(loop),
    stagnation(loop, mine),
    hintsSection(repo, ledger.sprints),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function conditions({ config: { task, profileName, profile }, journal }: LoopParts): string {
  const { contract } = task;
  const declared = journal.state().started?.declared;
  const { screen, rank, full } = profile.budgets;
  return `- profile: ${profileName} (world ${profile.world})
- metric that decides: ${contract.metric} (${contract.goal}); a gain of ${profile.noise.full} or less is noise (${profile.noise.from})
${contract.gains.length > 0 ? `- a gain has to show in these as well, beyond the same noise: ${contract.gains.join(', ')}\n` : ''}${confirming(profile, contract)}- constraints of a full run: ${conditionsInWords(profile.constraints, declared)}
- guards of a new best: ${conditionsInWords(guardsOf(task, profile))}
- too good to be true, so held and not kept: ${conditionsInWords(contract.tooGood)}
- budgets in training samples: screen ${screen}, rank ${rank}, full ${full}
- workspace: ${contract.workspace}/`;
}

const remarksOf = ({ verdict }: Sprint): string =>
  (verdict?.remarks ?? []).map((remark) => ` The judge's remark: ${remark}.`).join('');

/** What becomes of a verified gain; empty where the task has no secret worlds. */
function confirming(
  { confirm, budgets }: MeasuredProfile,
  { drawWorld, metric, secret }: TaskContract,
): string {
  if (drawWorld === undefined || confirm === false) return '';
  const { looks, samples = budgets.full } = confirm;
  return `- a candidate that beats the best's ${metric} is confirmed by the loop: both are trained afresh (${samples} samples) on up to ${looks.at(-1)} ${secret.many} ${secret.kind}, and only a mean gain beyond a bound moves the best. A smaller gain is kept in the workspace (stacked), and the next candidate is confirmed together with it\n`;
}

function standing({ checkout: { bestKnown }, config: { limits, seed }, journal }: LoopParts): string {
  const hours = (limits.until.getTime() - Date.now()) / 3.6e6;
  const money =
    limits.usd === null
      ? 'no limit'
      : `${Math.max(0, limits.usd - journal.state().usd - journal.state().held.usd).toFixed(2)} USD`;
  return `- best-known workspace: ${bestKnown}
- seed of runs unless you name one: ${seed}
- left: ${hours.toFixed(1)} hours, ${money}
- limit of this sprint: ${sprintLimitsInWords(limits.sprint)}`;
}

/** What other researchers work on, in their words; empty where none does. */
function underWay({ journal }: LoopParts): string {
  const others = claimsOfOthers(journal.state(), journal.researcherId);
  if (others.length === 0) return '';
  const lines = others.map(({ number, title, idea }) => `- sprint ${number}, "${title}": ${oneLine(idea)}`);
  return `# Under way\n\nOther researchers work at the same time, each on a sprint of its own. Do not test what they test; what they found will stand in the ledger.\n\n${lines.join('\n')}`;
}

/** The most characters of an idea of others. */
const IDEA_CHARS = 400;
const oneLine = (text: string) => cut(text.trim().replace(/\s+/g, ' '), IDEA_CHARS);

function stagnation({ config: { task }, journal }: LoopParts, mine: readonly Sprint[]): string {
  const without = sprintsWithoutGain(
    mine,
    journal.state().committed.map((c) => c.sprint),
  );
  const { warn, stop } = task.contract.limits.stagnation;
  if (without < warn) return '';
  return `# Another direction\n\n${without === 1 ? 'The last sprint' : `The last ${without} sprints`} brought no verified gain; after ${stop} in a row the loop ends. Leave the direction of those sprints: read related work and choose an idea of another kind.`;
}

/**
 * HINTS.md with the id of each hint, and what earlier sprints have answered. The offline replay answers
 * nothing: it follows a fixed path.
 */
function hintsSection(repo: string, sprints: readonly Sprint[]): string {
  const text = readHints(repo);
  if (text === '') return '';
  const answers = hintFates(sprints, text)
    .filter(({ state }) => state === 'followed' || state === 'declined')
    .map((fate) => `- ${fate.id}: ${fateInWords(fate)}: ${fate.answers.at(-1)?.why}`);
  const parts = [
    '# Hints from the people you work for',
    'The id of each hint stands in brackets before it. Say in start_sprint (hints) which of them this sprint follows; decline there one that you will not follow, with the reason. A hint that suits a later sprint needs no answer yet.',
    marked(text),
    ...(answers.length > 0 ? [`Answered by earlier sprints:\n${answers.join('\n')}`] : []),
  ];
  return parts.join('\n\n');
}

function numbers(metrics: Record<string, number> | undefined, { metric, also }: TaskContract): string {
  return [metric, ...also]
    .filter((field) => metrics?.[field] !== undefined)
    .map((field) => `${field} ${show(metrics?.[field])}`)
    .join(', ');
}
