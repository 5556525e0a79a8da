import { existsSync, readFileSync } from 'node:fs';
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { Condition } from './condition.ts';
import { UserError } from './errors.ts';
import { OLD_FULL, type Profile } from './profile.ts';
import { TaskContract } from './task-contract.ts';

/** A task as read: the contract of the front matter, and the brief (Markdown) that the researcher reads. */
export interface Task {
  path: string;
  contract: TaskContract;
  brief: string;
  /**
   * The line of the file where a field stands, or where it would be added; unset in a task that was read from
   * no file.
   */
  lineOf?(keys: readonly PropertyKey[]): number;
  /** It is not the TASK.md of the repository: services of its runs are told where it lies. */
  elsewhere?: true;
  /** A line for each field that is still read under its old name. */
  renamed?: readonly string[];
}

/**
 * Reads TASK.md: YAML front matter between `---` lines, then the brief.
 * @throws UserError naming file, line and field of every problem found.
 */
export function readTask(path: string): Task {
  if (!existsSync(path)) throw new UserError(`${path}: not found; a task needs its TASK.md`);
  const text = readFileSync(path, 'utf8');
  const match = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text);
  const front = match?.[1];
  if (!match || front === undefined)
    throw new UserError(
      `${path}:1: front matter is missing; the file must begin with "---", the contract and "---"`,
    );
  const lines = new LineCounter();
  const document = parseDocument(front, { lineCounter: lines });
  const [first] = document.errors;
  if (first) {
    const [words = ''] = first.message.split('\n');
    throw new UserError(
      `${path}:${lines.linePos(first.pos[0]).line + 1}: ${words.replace(/ at line \d+, column \d+:?$/, '')}`,
    );
  }
  const lineOf = (keys: readonly PropertyKey[]): number => {
    // The nearest enclosing key that exists in the file: a missing field is reported where it belongs.
    for (let depth = keys.length; depth > 0; depth--) {
      const parent = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true);
      const pair = isMap(parent)
        ? parent.items.find((item) => String(item.key) === String(keys[depth - 1]))
        : null;
      const node = pair?.key ?? document.getIn(keys.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line + 1;
    }
    // A field of the outermost level: where it would be added, before the line that closes the front matter.
    return match[0].trimEnd().split('\n').length;
  };
  const parsed = TaskContract.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ at: [...issue.path, key], message: 'is not a field of the contract' }))
        : [{ at: issue.path, message: document.hasIn(issue.path) ? issue.message : 'is missing' }],
    );
    throw new UserError(
      problems
        .map(({ at, message }) => `${path}:${lineOf(at)}: ${at.join('.') || 'front matter'}: ${message}`)
        .join('\n       '),
    );
  }
  const renamed = Object.keys(parsed.data.profiles)
    .map((name) => ['profiles', name, 'budgets', OLD_FULL])
    .filter((keys) => document.hasIn(keys))
    .map((keys) => `${path}:${lineOf(keys)}: ${keys.join('.')}: is "full" now; the old name is read as that`);
  return { path, contract: parsed.data, brief: text.slice(match[0].length), lineOf, renamed };
}

/** Tells a service which task its run belongs to; without it, that is TASK.md where it is started. */
const TASK_VARIABLE = 'LOOP_TASK';

/** The variable for the services of a task's runs. */
export const taskVariable = ({ elsewhere, path }: Task): Record<string, string> =>
  elsewhere ? { [TASK_VARIABLE]: path } : {};

/** The file of the task that a service serves. */
export const taskFile = (env: NodeJS.ProcessEnv = process.env): string => env[TASK_VARIABLE] ?? 'TASK.md';

/** The guards in force: those of the task, overridden by those of the profile. */
export function guardsOf(task: Task, profile: Pick<Profile, 'guards'>): Record<string, Condition> {
  return { ...task.contract.guards, ...profile.guards };
}

/** The profile of that name. @throws UserError that lists the names there are. */
export function profileOf(task: Task, name: string): Profile {
  const profile = Object.hasOwn(task.contract.profiles, name) ? task.contract.profiles[name] : undefined;
  if (!profile) {
    throw new UserError(
      `unknown profile "${name}"; ${task.path} has: ${Object.keys(task.contract.profiles).join(', ')}`,
    );
  }
  return profile;
}
