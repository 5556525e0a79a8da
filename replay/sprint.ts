import { EndedFields, LedgerFields, SprintFields, StartedFields } from '#contract/answer';
import { CANDIDATE, candidateBody, candidateFile } from './candidate.ts';
import { choose, type Next, type Standing } from './choose.ts';
import { type Action, type Script, use } from './script.ts';
import type { ToolResult } from './transcript.ts';
import * as words from './words.ts';

const EDIT = 'str_replace_based_edit_tool';

/** A part of the script that returns a value. */
type Part<T> = Generator<Action, T, ToolResult>;

/** Thrown where a tool did not do what the sprint needs; the sprint is then finished without a candidate. */
class Stuck extends Error {}

/**
 * One sprint of the offline replay, from reading the ledger to finish_sprint; a text alone when no step of
 * the path is left. Written as sequential code over tool results (script.ts). `notes`: whether the
 * conversation has the tool `note`; one that an earlier version began has not.
 */
export function* sprint(notes: boolean): Script {
  const overview = yield* use('read_results', {}, words.opening);
  const seen = LedgerFields.safeParse(overview.fields).data;
  if (overview.isError || !seen) return words.stopped('the ledger could not be read', overview.text);
  const { ledger, bestKnown, metric } = seen;
  const { standing, next } = choose(ledger, metric);
  if (!next) return words.walked(standing);

  const opened = yield* use('start_sprint', words.claim(standing, next), words.choice(standing, next));
  const id = SprintFields.safeParse(opened.fields).data?.sprint ?? (yield* openSprint());
  if (!id) return words.stopped('the sprint could not be started', opened.text);
  const readme = `sprints/${id}/README.md`;

  try {
    const restorations = yield* restoreMissing(next, bestKnown);
    yield* editCandidate(standing, next);
    const body = candidateBody([...standing.kept, next.step]);
    yield* append(readme, words.changeNote(restorations, body));
    const { text, result } = yield* trainCandidate();
    yield* append(readme, words.runNote(standing, text, result));
    if (notes) yield { name: 'note', input: words.sharedNote(standing, next, result) };
    yield* must(use('finish_sprint', words.finish(standing, next, result, ledger)));
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    yield* append(readme, words.stuckNote(error.message));
    yield* use('finish_sprint', words.giveUp(next, error.message, ledger));
  }
  return words.closing;
}

/** The id of the open sprint, where the loop was cut off after start_sprint had opened it. */
function* openSprint(): Part<string | null> {
  const { fields } = yield* use('read_results', {});
  return LedgerFields.safeParse(fields).data?.sprint ?? null;
}

/**
 * Creates the files of the step that the workspace lacks, with their content at `commit`. Returns a note for
 * each file.
 */
function* restoreMissing({ step }: Next, commit: string): Part<string[]> {
  const listing = yield* shell(
    `find sae \\( -name '*.ts' -o -name '*.py' \\) -not -name '*.test.ts' | sort`,
    'What is in the workspace?',
  );
  const present = new Set(listing.split('\n'));
  const notes: string[] = [];
  for (const file of step.files.filter((name) => !present.has(name))) {
    if (commit === '') throw new Stuck(`${file} is missing, and no best-known workspace is named.`);
    const source = yield* shell(
      `git show ${commit}:${file}`,
      `${file} is missing; the published one is restored.`,
    );
    const file_text = source.endsWith('\n') ? source : `${source}\n`;
    yield* must(use(EDIT, { command: 'create', path: file, file_text }));
    notes.push(words.restored(file, commit));
  }
  return notes;
}

/**
 * Adds the step to candidate.ts: edits the lines that change, or writes the whole file where its content is
 * not what the ledger implies.
 */
function* editCandidate({ kept }: Standing, { step }: Next): Part<void> {
  const present = yield* shell(`cat ${CANDIDATE} 2>/dev/null || true`, 'The present candidate.');
  const wanted = [...kept, step];
  if (kept.length > 0 && present.trim() === candidateFile(kept).trim()) {
    const [old_str, new_str] = [candidateBody(kept), candidateBody(wanted)];
    const edited = yield* use(EDIT, { command: 'str_replace', path: CANDIDATE, old_str, new_str });
    if (!edited.isError) return;
  }
  yield* must(use(EDIT, { command: 'create', path: CANDIDATE, file_text: candidateFile(wanted) }));
}

interface Trained {
  text: string;
  /** Null for a run that did not start. */
  result: EndedFields | null;
}

/** A full run of the candidate; a second one where the first was killed because the loop was cut off. */
function* trainCandidate(): Part<Trained> {
  const first = yield* fullRun();
  return first.result?.status === 'killed' ? yield* fullRun() : first;
}

function* fullRun(): Part<Trained> {
  const started = yield* must(
    use('run_experiment', { experiment: 'candidate', budget: 'full' }, 'One full run.'),
  );
  const run = StartedFields.safeParse(started.fields).data?.run;
  if (!run) throw new Stuck(`The run could not be started: ${words.firstLine(started.text)}`);
  const { text, fields } = yield* must(use('wait_for_experiment', { run }));
  return { text, result: EndedFields.safeParse(fields).data ?? null };
}

/**
 * Appends to the sprint's log. The call is not repeated after a cut-off, and a failure does not stop the
 * sprint.
 */
function* append(readme: string, text: string): Part<void> {
  yield { name: 'bash', input: { command: `cat >> ${readme} <<'END_OF_NOTE'\n\n${text}\n\nEND_OF_NOTE` } };
}

/** Markers that are printed before and after the output: they show that it is complete, and its exit code. */
const [BEGIN, END] = ['begin:', 'exit code:'];

/** Runs a command that must succeed; returns its whole output. */
function* shell(command: string, say: string): Part<string> {
  const framed = `echo ${BEGIN}; ${command}; printf '\\n${END} %s\\n' "$?"`;
  const { text } = yield* must(use('bash', { command: framed }, say));
  const [, output, code] = new RegExp(`^${BEGIN}\\n([\\s\\S]*)\\n${END} (\\d+)\\n?$`).exec(text) ?? [];
  if (output === undefined) throw new Stuck(`The output is incomplete: ${command}`);
  if (code !== '0') throw new Stuck(`${command}: ${words.firstLine(output)}`);
  return output;
}

function* must(part: Part<ToolResult>): Part<ToolResult> {
  const result = yield* part;
  if (result.isError) throw new Stuck(words.firstLine(result.text));
  return result;
}
