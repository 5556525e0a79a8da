import { z } from 'zod';
import { cut, plain } from '../common/words.ts';
import { ToolMistake } from './paths.ts';

type Node = z.core.JSONSchema.BaseSchema;
type Path = readonly PropertyKey[];

const AGAIN = 'Nothing was done; make the call again with these fields corrected.';
/** Maximum length of the whole message. */
const MAX_CHARS = 600;

/**
 * A call whose input does not fit the schema of its tool. The message names the wrong fields and what they
 * must be. Nothing of the call was done.
 */
export class RefusedInput extends ToolMistake {
  constructor(
    tool: string,
    /** The part about the fields, without the name of the tool and the advice. */
    readonly reason: string,
    wrong: readonly string[],
  ) {
    super(`${opening(tool)}${reason}. ${AGAIN}`, {
      refused: { why: 'input', fields: [...new Set(wrong)].sort() },
    });
  }
}

const opening = (tool: string) => `${tool} was refused: `;

/**
 * Parses the input of a tool by its schema.
 * @throws RefusedInput that names every wrong field by its path, in words.
 */
export function accepted<T extends z.ZodType>(tool: string, schema: T, input: unknown): z.infer<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const root = z.toJSONSchema(schema, { io: 'input' }) as Node;
  const room = MAX_CHARS - opening(tool).length - AGAIN.length - 2;
  const { issues } = parsed.error;
  throw new RefusedInput(tool, reasonOf(issues, root, input, room), issues.flatMap(wrongFields));
}

/**
 * The part of a refusal that is about its fields, or the whole text of another refusal. For display only: no
 * code decides by it.
 */
export function reasonIn(tool: string, refusal: string): string {
  const told = refusal.startsWith(opening(tool)) ? refusal.slice(opening(tool).length) : refusal;
  return told.endsWith(`. ${AGAIN}`) ? told.slice(0, -AGAIN.length - 2) : told;
}

/**
 * The fields that an issue is about; for an entry of a list, the whole list. Empty where the input is no
 * object.
 */
function wrongFields(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => pathOf([...issue.path, key]));
  const path = typeof issue.path.at(-1) === 'number' ? issue.path.slice(0, -1) : issue.path;
  return path.length === 0 ? [] : [pathOf(path)];
}

/**
 * Describes all issues. Where that is too long, it leaves out what the fields are for; where that is still
 * too long, it keeps the first issues only.
 */
function reasonOf(issues: readonly z.core.$ZodIssue[], root: Node, input: unknown, room: number): string {
  const atLength = issues.flatMap((issue) => told(issue, root, input, true));
  if (atLength.join('; ').length <= room) return atLength.join('; ');
  const parts = issues.flatMap((issue) => told(issue, root, input, false));
  for (let kept = parts.length; kept > 0; kept--) {
    const more = kept < parts.length ? `; and ${parts.length - kept} more` : '';
    const reason = parts.slice(0, kept).join('; ') + more;
    if (reason.length <= room) return reason;
  }
  return cut(parts[0] ?? '', room);
}

/** Describes one issue in words. `atLength`: with what a missing field is for. */
function told(issue: z.core.$ZodIssue, root: Node, input: unknown, atLength: boolean): string[] {
  const value = valueAt(input, issue.path);
  const { node, optional } = nodeAt(root, issue.path, input);
  if (issue.code === 'unrecognized_keys') {
    const has = Object.keys(node.properties ?? {}).join(', ') || 'none';
    const list = atLength || issue.path.length > 0 ? ` (it has: ${has})` : ` (${cut(`it has: ${has}`, 160)})`;
    return issue.keys.map(
      (key, i) =>
        `${named([...issue.path, key])} is not a field of this tool${i === issue.keys.length - 1 ? list : ''}`,
    );
  }
  if (issue.path.length === 0 && issue.code === 'invalid_type') {
    const fields = Object.keys(node.properties ?? {}).join(', ');
    return [`the input must be an object with the fields ${fields}, not ${given(value)}`];
  }
  const name = named(issue.path);
  if (value === undefined)
    return [`${name} is missing: it must be ${kind(node)}${atLength ? about(node) : ''}`];
  return [`${name} ${demand(issue, node, value)}${value === null && optional ? '; leave it out' : ''}`];
}

/** What a value must be, and what it is: `must be a number, not the text "0.9"`. */
function demand(issue: z.core.$ZodIssue, node: Node, value: unknown): string {
  switch (issue.code) {
    case 'too_small':
    case 'too_big': {
      const small = issue.code === 'too_small';
      const bound = Number(small ? issue.minimum : issue.maximum);
      if (typeof value === 'string' && small && bound === 1) return 'must not be empty';
      if (typeof value === 'string' || Array.isArray(value)) {
        const unit = Array.isArray(value) ? 'entries' : 'characters';
        return `must have at ${small ? 'least' : 'most'} ${bound} ${unit}, not ${value.length}`;
      }
      const than = issue.inclusive ? (small ? 'at least' : 'at most') : small ? 'more than' : 'less than';
      return `must be ${than} ${bound}, not ${given(value)}`;
    }
    case 'invalid_format':
      return `must be ${issue.message}, not ${given(value)}`;
    case 'invalid_type':
    case 'invalid_value':
    case 'invalid_union':
      return `must be ${kind(node)}, not ${given(value)}`;
    default:
      return `is wrong: ${plain(issue.message)}`;
  }
}

/** A field's path in quotes: "predicted.accuracy", "set[0]". */
const named = (path: Path): string => JSON.stringify(pathOf(path));

function pathOf(path: Path): string {
  const text = path.reduce<string>(
    (before, key) =>
      typeof key === 'number' ? `${before}[${key}]` : `${before && `${before}.`}${String(key)}`,
    '',
  );
  return cut(plain(text), 60);
}

/** Describes the given value in a few characters. */
function given(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(cut(plain(value), 40))}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** What a field takes: `a whole number`, `a list of texts`, `"a" or "b"`, `text or null`. */
function kind(node: Node): string {
  const types = [node.type ?? []].flat();
  const [type = ''] = types;
  if (types.length > 1) return types.map((type) => kind({ ...node, type })).join(' or ');
  const choices = node.enum ?? (node.const === undefined ? [] : [node.const]);
  if (choices.length > 0) return choices.map((choice) => JSON.stringify(choice)).join(' or ');
  const many = (of: unknown) => PLURAL[String((of as Node | undefined)?.type)];
  const { prefixItems, items, additionalProperties } = node;
  const count = prefixItems ? `${prefixItems.length} ` : '';
  if (type === 'array') return `a list of ${count}${many(prefixItems?.[0] ?? items) ?? 'values'}`;
  const values = many(additionalProperties);
  if (type === 'object') return `an object${values ? ` of ${values} by name` : ''}`;
  return ONE[type] ?? 'something else';
}

const ONE: Record<string, string> = {
  ...{
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    null: 'null',
  },
};
const PLURAL: Record<string, string> = { string: 'texts', number: 'numbers', integer: 'whole numbers' };

/** What a field is for, as its description says it: ` (the one idea that this sprint tests)`. */
function about({ description = '' }: Node): string {
  const text = description.replace(/\.$/, '');
  return text === '' ? '' : ` (${text.charAt(0).toLowerCase()}${text.slice(1)})`;
}

const valueAt = (input: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (Object(value) as Record<PropertyKey, unknown>)[key], input);

/**
 * The schema of the field at a path, and whether the field may be left out. Where the input has several
 * forms, the one that its own fields choose.
 */
function nodeAt(root: Node, path: Path, input: unknown): { node: Node; optional: boolean } {
  let node = (root.oneOf ? formOf(root.oneOf as Node[], input) : root) as Node;
  let optional = false;
  for (const key of path) {
    optional = node.properties !== undefined && !node.required?.includes(String(key));
    const next =
      node.properties?.[String(key)] ?? (typeof key === 'number' ? node.items : node.additionalProperties);
    node = (typeof next === 'object' ? next : (node.prefixItems?.[Number(key)] ?? {})) as Node;
  }
  return { node, optional };
}

/**
 * The form whose constant fields match the input. Where none does, an object whose field takes the constants
 * of all forms.
 */
function formOf(forms: readonly Node[], input: unknown): Node {
  const constants = (form: Node) =>
    Object.entries(form.properties ?? {}).flatMap(([name, field]) =>
      typeof field === 'object' && field.const !== undefined ? [[name, field.const] as const] : [],
    );
  const chosen = forms.find((form) =>
    constants(form).every(([name, value]) => valueAt(input, [name]) === value),
  );
  if (chosen) return chosen;
  const all = forms.flatMap(constants);
  const name = all[0]?.[0] ?? '';
  const choices = all.map(([, value]) => value);
  return { properties: { [name]: { enum: choices } }, required: [name] } as Node;
}
