import { runRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import { expect, it } from 'vitest';
import { answerIn, contentOf } from '#contract/answer';
import type { Event } from '#contract/event';
import { Inspection } from '#contract/task-contract';
import { emptyFolder } from '../fixtures/repo.ts';
import { nothingYet } from '../journal/state.ts';
import { Ledger } from '../ledger/ledger.ts';
import { OpenSprint } from '../open-sprint/open-sprint.ts';
import { makeTools } from './index.ts';

const inspect = Inspection.parse({ command: 'node look.mjs', about: 'Looks.', options: {} });

/** The tools of a sprint that was not claimed, in an empty repository, with what they tell the event log. */
function tools() {
  const events: Event[] = [];
  const contract = { workspace: 'work', metric: 'score', inspect };
  const loop = {
    config: { repo: emptyFolder(), leaderboard: 'test', task: { contract } },
    ledger: new Ledger('nowhere'),
    checkout: { bestKnown: 'abc' },
    journal: { emit: (event: Event) => events.push(event), state: () => nothingYet },
  };
  const sprint = new OpenSprint(loop as never, 1, 'tree', null as never);
  const made = makeTools(sprint);
  /** What the model reads. */
  const call = async (name: string, input: unknown) => {
    const tool = made.find((t) => 'name' in t && t.name === name)!;
    const toolUse = { type: 'tool_use' as const, id: 't', name, input };
    return runRunnableTool(tool, input, { toolUse, toolUseBlock: toolUse });
  };
  return { made, events, call };
}
const [OURS, NATIVE] = [
  [
    'start_sprint',
    'run_experiment',
    'wait_for_experiment',
    'stop_experiment',
    'read_results',
    'note',
    'finish_sprint',
    'inspect',
  ],
  ['bash', 'str_replace_based_edit_tool'],
];

it('are defined in the same words every time, without anything of this machine', () => {
  const text = JSON.stringify(tools().made);
  expect(JSON.stringify(tools().made)).toBe(text);
  expect(text).not.toMatch(/tmp|undefined/);
  const names = tools().made.map((tool) => ('name' in tool ? tool.name : ''));
  expect(names).toEqual([...NATIVE, ...OURS]);
});

it.each([...NATIVE, ...OURS])(
  '%s refuses a wrong input in words, and the event log hears of it',
  async (name) => {
    const { call, events } = tools();
    const input = { command: 5, run: 5, slug: 5, seed: 'x', summary: 5, title: 'A "title"' };
    const { isError, content } = await call(name, input);
    const { words, fields } = answerIn(content);
    expect(isError).toBe(true);
    expect(fields).toMatchObject({
      refused: { why: 'input', fields: expect.arrayContaining([expect.any(String)]) },
    });
    expect(words).toMatch(new RegExp(`^Error: ${name} was refused: ".*corrected\\.$`));
    const reason = words.slice(`Error: ${name} was refused: `.length, -'. Nothing'.length);
    expect(events).toMatchObject([
      { type: 'tool.finished', name, ok: false, summary: 'A "title"', seconds: expect.any(Number) },
    ]);
    const told = events[0].type === 'tool.finished' && events[0].reason;
    expect(reason.startsWith(String(told).slice(0, -1))).toBe(true);
  },
);

it.each([null, 'ls', [1], 5])('an input that is no object is refused too: %j', async (input) => {
  const { call, events } = tools();
  const { isError, content } = await call('bash', input);
  expect([isError, answerIn(content)]).toEqual([
    true,
    {
      words: expect.stringContaining('the input must be an object with the fields command, restart, not '),
      fields: { refused: { why: 'input', fields: [] } },
    },
  ]);
  expect(events).toMatchObject([{ ok: false, summary: '' }]);
});

it('a refusal of another kind stands in the event log as its reason, in one line of at most 300 characters', async () => {
  const { call, events } = tools();
  const early = await call('finish_sprint', { summary: 'Done.\x1b[0m', candidate: null });
  expect(early).toEqual({
    isError: true,
    content: contentOf({
      words: 'Error: no sprint is open yet; call start_sprint first',
      fields: { refused: { why: 'no-sprint' } },
    }),
  });
  const path = `none\x1b[2J\n${'x/'.repeat(200)}`;
  await call('str_replace_based_edit_tool', { command: 'view', path });
  expect(events).toMatchObject([
    { ok: false, summary: 'Done.', reason: 'no sprint is open yet; call start_sprint first' },
    { ok: false, reason: expect.stringMatching(/^none (x\/){147}…$/) },
  ]);
});

it('a call that is answered has no reason', async () => {
  const { call, events } = tools();
  expect(await call('bash', { restart: true })).toMatchObject({ isError: false });
  const { isError, content } = await call('read_results', {});
  expect([isError, Array.isArray(content) && content.map((block) => 'text' in block && block.text)]).toEqual([
    false,
    [expect.stringContaining('## Ledger'), '{"sprint":null,"bestKnown":"abc","metric":"score","ledger":[]}'],
  ]);
  expect(events.map((event) => event.type === 'tool.finished' && [event.ok, event.reason])).toEqual([
    [true, undefined],
    [true, undefined],
  ]);
});
