import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Inspection } from '#contract/task-contract';
import { accepted, RefusedInput, reasonIn } from './refusals.ts';
import {
  BashInput,
  EditInput,
  FinishSprintInput,
  inspectInput,
  ReadResultsInput,
  RunExperimentInput,
  StartSprintInput,
  WaitInput,
} from './schemas.ts';

const inspection = Inspection.parse({
  command: 'node look.mjs',
  about: 'What went wrong.',
  options: {
    sort: { about: 'By what.', choices: ['loss', 'count'] },
    worst: { about: 'How many.', most: 5 },
    cases: { about: 'Or these.', list: 2 },
  },
});

/** How a tool refuses an input; null where it takes it. */
function refusal(schema: z.ZodType, input: unknown, tool = 'a_tool'): RefusedInput | null {
  try {
    accepted(tool, schema, input);
    return null;
  } catch (error) {
    if (error instanceof RefusedInput) return error;
    throw error;
  }
}
/** The fields that a refusal is about, as a program reads it. */
const wrong = ({ fields }: RefusedInput) =>
  fields?.refused.why === 'input' ? fields.refused.fields : undefined;
const reason = (schema: z.ZodType, input: unknown) => refusal(schema, input)?.reason;

const claim = {
  ...{ slug: 'slower-decay', title: 'Slower decay', idea: 'It decays too fast.', motivation: 'Sprint 2.' },
  ...{ expectation: 'A larger number.', predicted: { accuracy: 0.9 } },
};

describe('a refused input', () => {
  it('is told field by field what was given, what is expected and what to do', () => {
    const { slug: _, ...input } = { ...claim, predicted: { accuracy: '0.9' }, titel: 'Slower decay' };
    expect(refusal(StartSprintInput, input, 'start_sprint')?.message).toBe(
      'start_sprint was refused: ' +
        '"slug" is missing: it must be text (names the folder, after date and time: lower-case words joined by hyphens, like "slower-decay"); ' +
        '"predicted.accuracy" must be a number, not the text "0.9"; ' +
        '"titel" is not a field of this tool (it has: slug, title, idea, motivation, expectation, predicted, hints). ' +
        'Nothing was done; make the call again with these fields corrected.',
    );
    expect(refusal(StartSprintInput, claim)).toBeNull();
  });

  it.each<[string, z.ZodType, unknown]>([
    [
      '"slug" must be lower-case words joined by hyphens, like "slower-decay", not the text "A B"',
      StartSprintInput,
      { ...claim, slug: 'A B' },
    ],
    ['"title" must have at least 3 characters, not 2', StartSprintInput, { ...claim, title: 'No' }],
    [
      '"title" must have at most 100 characters, not 101',
      StartSprintInput,
      { ...claim, title: 'x'.repeat(101) },
    ],
    ['"idea" must not be empty', StartSprintInput, { ...claim, idea: '' }],
    [
      '"predicted" must be an object of numbers by name, not the text "{}"',
      StartSprintInput,
      { ...claim, predicted: '{}' },
    ],
    [
      'the input must be an object with the fields slug, title, idea, motivation, expectation, predicted, hints, not null',
      StartSprintInput,
      null,
    ],
    [
      '"budget" must be "screen" or "rank" or "full", not the text "whole"',
      RunExperimentInput,
      { budget: 'whole' },
    ],
    [
      '"samples" must be a whole number, not the number 1.5; "seed" must be at least 0, not the number -1',
      RunExperimentInput,
      { samples: 1.5, seed: -1 },
    ],
    [
      '"samples" must be more than 0, not the number 0; "seed" must be a whole number, not null; leave it out',
      RunExperimentInput,
      { samples: 0, seed: null },
    ],
    ['"set" must be a list of texts, not the text "a=b"', RunExperimentInput, { set: 'a=b' }],
    [
      '"set[1]" must be key=value, like "depth=4", not the text "depth"',
      RunExperimentInput,
      { set: ['a=b', 'depth'] },
    ],
    [
      '"run" is missing: it must be text (the run id that run_experiment gave); "id" is not a field of this tool (it has: run)',
      WaitInput,
      { id: 'r' },
    ],
    [
      '"infrastructure" must be true or false, not the text "true"',
      FinishSprintInput,
      { summary: 's', candidate: null, infrastructure: 'true' },
    ],
    ['"run" must be text, not null', WaitInput, { run: null }],
    ['"candidate" must be text or null, not a list', FinishSprintInput, { summary: 's', candidate: [] }],
    [
      '"a" is not a field of this tool; "b" is not a field of this tool (it has: run)',
      WaitInput,
      { run: 'r', a: 1, b: 2 },
    ],
    [
      '"sort" must be "loss" or "count", not the text "size"; "cases" must have at most 2 entries, not 3',
      inspectInput(inspection),
      { run: 'r', sort: 'size', cases: [1, 2, 3] },
    ],
    [
      '"tree-dir" is not a field of this tool (it has: run, sort, worst, cases)',
      inspectInput(inspection),
      { run: 'r', 'tree-dir': '/etc' },
    ],
    ['"command" is missing: it must be text', BashInput, { cmd: 'ls' }],
    [
      '"command" must be "view" or "create" or "str_replace" or "insert", not the text "undo_edit"',
      EditInput,
      { command: 'undo_edit' },
    ],
    [
      '"command" is missing: it must be "view" or "create" or "str_replace" or "insert"',
      EditInput,
      { path: 'a' },
    ],
    ['"old_str" must not be empty', EditInput, { command: 'str_replace', path: 'a', old_str: '' }],
    [
      '"view_range" must be a list of 2 whole numbers, not the text "1-2"',
      EditInput,
      { command: 'view', path: 'a', view_range: '1-2' },
    ],
  ])('%s', (words, schema, input) => {
    expect(reason(schema, input)).toBe(words);
  });

  it('says of a long list of faults the fields first, and what they are for where there is room', () => {
    expect(reason(StartSprintInput, {})?.match(/" is missing: it must be [^;(]+(;|$)/g)).toHaveLength(6);
    const predicted = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`number ${i}`, 'x']));
    expect(reason(StartSprintInput, { ...claim, predicted })).toMatch(
      /^"predicted.number 0" must be a number, not the text "x"; .*; and 3\d more$/,
    );
  });

  it('shows a value or a name that was made up in a few printable characters', () => {
    expect(reason(WaitInput, { run: 'r', [`\x1b[2J"\n${'x'.repeat(100)}`]: 1 })).toMatch(
      /^"\\" x{57}…" is not a field of this tool/,
    );
    expect(reason(RunExperimentInput, { seed: `\u202e\x1b]0;t\x07${'9'.repeat(50)}` })).toBe(
      `"seed" must be a whole number, not the text "${'9'.repeat(39)}…"`,
    );
  });
});

describe('any input', () => {
  const schemas = {
    ...{ BashInput, EditInput, FinishSprintInput, ReadResultsInput, RunExperimentInput, StartSprintInput },
    InspectInput: inspectInput(inspection),
  };
  const fields = [
    'command',
    'path',
    'slug',
    'predicted',
    'set',
    'run',
    'sort',
    'view_range',
    'candidate',
    'seed',
    'constructor',
  ];
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('view', 'insert', 'count', 'r'));
  const input = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.oneof(fc.constantFrom(...fields), fc.string()), value),
  );

  it('is taken, or refused in one printable line of at most 600 characters that names its fields', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(schemas)), input, (schema, given) => {
        const refused = refusal(schema, given);
        expect(refused === null).toBe(schema.safeParse(given).success);
        if (!refused) return;
        expect(refused.message.length).toBeLessThanOrEqual(600);
        expect(refused.message).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|undefined|something else/u);
        const named = wrong(refused)?.filter((field) =>
          refused.reason.includes(JSON.stringify(field).slice(0, -1)),
        );
        if (!refused.reason.startsWith('the input must')) expect(named?.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});

it('has the paths of its fields beside its words, sorted, whatever was given for them', () => {
  const refused = refusal(RunExperimentInput, { set: ['a', 'b'], seed: '"samples" must be', x: 1 })!;
  expect(refused.fields).toEqual({
    refused: { why: 'input', fields: ['seed', 'set', 'x'] },
  });
  expect(wrong(refusal(RunExperimentInput, null)!)).toEqual([]);
  expect(reasonIn('a_tool', refused.message)).toBe(refused.reason);
  expect(reasonIn('a_tool', 'no run "a"')).toBe('no run "a"');
});

it('fields that the native tools do not know are ignored, as those of the API come and go', () => {
  expect(refusal(BashInput, { command: 'ls', timeout: 5 })).toBeNull();
  expect(refusal(EditInput, { command: 'view', path: 'a', max_characters: 5 })).toBeNull();
  expect(refusal(BashInput, { restart: true })).toBeNull();
});

it('what the API is told of our tools is what is checked: no other field', () => {
  for (const schema of [
    StartSprintInput,
    RunExperimentInput,
    WaitInput,
    FinishSprintInput,
    inspectInput(inspection),
  ])
    expect(z.toJSONSchema(schema)).toMatchObject({ type: 'object', additionalProperties: false });
});
