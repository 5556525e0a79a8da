import { CutOff, EndedFields } from '#contract/answer';
import type { Answer, AnswerBlock, MessagesRequest, Reply } from '#replay/protocol';
import { exchangesOf } from '#replay/transcript';
import { sprintOf } from './bills.ts';
import { type Disturbance, disturb, type Hands } from './disturb.ts';
import type { LoopPlan } from './plan.ts';
import type { SprintPlan } from './sprint.ts';

/** What the server saw and did, to be compared with what the supervisor reports. */
export interface Account {
  requests: number;
  /** How often each disturbance happened. */
  disturbed: Map<Disturbance, number>;
  problems: Set<string>;
  /** The texts of all hints that were given. */
  hints: string[];
  /** The hints that appeared in a request after its prompt. */
  heard: Set<string>;
}

/**
 * Plays Claude for a night: answers each request with the planned step that the conversation has reached, and
 * applies the planned disturbances. With the last reply of a loop that is to be stopped, it stops the loop.
 */
export function playNight(loops: readonly LoopPlan[], hands: Hands) {
  const plans = loops.flatMap(({ sprints }) => sprints);
  const lasts = new Set(loops.filter(({ stops }) => stops).map(({ sprints }) => sprints.at(-1)));
  const account: Account = {
    requests: 0,
    disturbed: new Map(),
    problems: new Set(),
    hints: [],
    heard: new Set(),
  };
  const done = new Map<object, number>();
  let paused = false;

  const hint = async () => {
    const text = `Mind step ${account.hints.length + 1} of the stairs in the dark.`;
    account.hints.push(text);
    await hands.hint(text);
  };
  const pause = async () => {
    await hands.pause(() => {
      paused = false;
    });
    paused = true;
  };

  /** Applies the disturbance that is due; null where the request is answered as usual. */
  async function disturbed(plan: SprintPlan, at: number, request: MessagesRequest, reply: Reply) {
    const due = plan.disturbed.find((one) => one.at === at && (done.get(one) ?? 0) < one.times);
    if (!due) return null;
    done.set(due, (done.get(due) ?? 0) + 1);
    account.disturbed.set(due.what, (account.disturbed.get(due.what) ?? 0) + 1);
    return disturb(due.what, { request, reply, hands, hint, pause });
  }

  async function respond(request: MessagesRequest): Promise<Answer> {
    account.requests++;
    if (paused) account.problems.add('a call was made while the loop was paused');
    const number = sprintOf(request);
    const plan = plans[number - 1];
    const offers = listen(request, number, account);
    if (plan && offers !== plan.web)
      account.problems.add(`sprint ${number}: the web is ${offers ? 'offered' : 'not offered'}`);
    if (!plan) {
      account.problems.add(`sprint ${number} was never planned`);
      return { status: 401, type: 'authentication_error', message: 'the plan of the night is at its end' };
    }
    const at = whereIn(plan, request);
    const { needs, content, ...step } = plan.steps[at] ?? plan.steps[plan.steps.length - 1];
    const reply: Reply = { ...step, content: withRun(content, request) };
    const answer = await disturbed(plan, at, request, reply);
    if (answer) return answer;
    if (lasts.has(plan) && at === plan.steps.length - 1) await hands.stop();
    return reply;
  }

  /** Planned disturbances that never happened. */
  const missed = () =>
    plans.flatMap(({ disturbed }, i) =>
      disturbed
        .filter((one) => Number.isFinite(one.times) && (done.get(one) ?? 0) < one.times)
        .map(({ what, at }) => `sprint ${i + 1}: "${what}" at step ${at} never came about`),
    );

  return { account, plans, respond, missed };
}

/**
 * Notes which hints a request contains, and whether its text fits its tools; returns whether it offers the
 * web.
 */
function listen(request: MessagesRequest, number: number, account: Account): boolean {
  const [prompt, ...rest] = request.messages;
  const later = JSON.stringify(rest);
  for (const text of account.hints) if (later.includes(text)) account.heard.add(text);
  const claims = JSON.stringify([request.system, prompt]).includes('web_search');
  const offers = request.tools?.some(({ name }) => name === 'web_search') ?? false;
  if (claims !== offers)
    account.problems.add(
      `sprint ${number}: the web is ${claims ? 'claimed' : 'not told of'}, and ${offers ? 'offered' : 'not offered'}`,
    );
  return offers;
}

/**
 * The index of the step that a conversation has reached: one further with each reply, unless its tool calls
 * were cut off or a run did not end as the step needs.
 */
function whereIn({ steps }: SprintPlan, { messages }: MessagesRequest): number {
  let at = 0;
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'assistant') continue;
    const answers = exchangesOf({ messages: messages.slice(index, index + 2) }).map(({ result }) => result);
    const { needs } = steps[at] ?? {};
    if (answers.some((answer) => CutOff.safeParse(answer?.fields).success)) continue;
    const ended = answers.flatMap((answer) => EndedFields.safeParse(answer?.fields).data ?? []);
    if (needs && !ended.some(({ status }) => needs.status.test(status))) at = needs.orBackTo;
    else at++;
  }
  return at;
}

const RUN_ID = /\d{4}-\d\d-\d\d--\d\d-\d\d-\d\d-[\w.=-]+?-s\d+(?:-\d+)?/g;

/** Replaces `$RUN` by the id of the run that was named last. */
function withRun(content: readonly AnswerBlock[], { messages }: MessagesRequest): AnswerBlock[] {
  const run = JSON.stringify(messages).match(RUN_ID)?.at(-1) ?? 'none';
  return JSON.parse(JSON.stringify(content).replaceAll('$RUN', run)) as AnswerBlock[];
}
