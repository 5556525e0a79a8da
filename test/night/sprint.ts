import type { Outcome } from '#contract/verdict';
import type { Disturbance } from './disturb.ts';
import { DETOURS, FORCED, TRAINERS } from './repertoire.ts';
import { call, look, run, type Step, searched } from './steps.ts';

export interface SprintPlan {
  /** What kind of sprint it is, in words. */
  story: string;
  /** Whether its end is forced by the server. */
  forced: boolean;
  /** Whether the money limit leaves room for the web tools. */
  web: boolean;
  steps: Step[];
  /** The steps whose requests are disturbed (`at`), how, and how often. */
  disturbed: { at: number; what: Disturbance; times: number }[];
  /** The faults that are part of the steps themselves. */
  faults: string[];
  /** The outcomes of which the sprint must have one. */
  outcomes: Outcome[];
  /** The F1 that the judge must give; null where nothing is judged. */
  f1: number | null;
}

interface Told {
  story: string;
  index: number;
  f1: number;
  web: boolean;
  detours: readonly string[];
  slow: boolean;
}

/** A sprint from its first call to its last, before anything disturbs it. */
export function sprint({ story, index, f1, web, detours, slow }: Told): SprintPlan {
  const first: Step = { content: [...(web ? searched(`work like that of sprint ${index + 1}`) : []), look] };
  const plan: SprintPlan = {
    ...{ story, f1, web, outcomes: [], disturbed: [], faults: [...detours], forced: story in FORCED },
    steps: [first, starting(story, index, f1)],
  };
  const { steps, faults } = plan;
  for (const name of detours) {
    const { disturbed, steps: more } = DETOURS[name];
    if (disturbed)
      plan.disturbed.push({ at: steps.length + disturbed.after, what: disturbed.what, times: 1 });
    steps.push(...more);
  }
  if (story in FORCED) {
    const { step, disturbance } = FORCED[story];
    if (disturbance)
      plan.disturbed.push({ at: steps.length, what: disturbance, times: Number.POSITIVE_INFINITY });
    else faults.push(`forced: ${story}`);
    steps.push(step);
    return plan;
  }
  const number = `${JSON.stringify({ f1, mcc: story === 'degenerate' ? 0.2 : 0.6 })}\n`;
  steps.push(
    call('str_replace_based_edit_tool', { command: 'create', path: 'work/number.json', file_text: number }),
  );
  if (story in TRAINERS) {
    faults.push(`trainer: ${story}`);
    steps.push(...run(steps.length, story, TRAINERS[story], { samples: 900 }));
  }
  const budget = story === 'invalid' ? { samples: 2000 } : { budget: 'full' };
  steps.push(...run(steps.length, slow ? 'steady' : 'plain', 'finished', budget));
  const candidate = story === 'nothing' ? null : '$RUN';
  steps.push(call('finish_sprint', { summary: `It was ${story}.`, candidate }));
  return plan;
}

function starting(story: string, index: number, f1: number): Step {
  const words = { motivation: 'It stands in the script.', expectation: 'What the script says.' };
  const title = `Sprint of the night ${index + 1}`;
  const idea = `Idea ${index + 1}, ${story}.`;
  return call('start_sprint', { slug: `s${index + 1}`, title, idea, ...words, predicted: { f1 } });
}
