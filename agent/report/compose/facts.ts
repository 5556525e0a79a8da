import type { Sprint } from '#contract/sprint';
import { duration, money, number, samples } from '../document/names.ts';
import { type Block, code, type Inline, strong, text } from '../document/tree.ts';
import type { Context } from './context.ts';
import { hintRows } from './hints.ts';
import { observedRows } from './observed.ts';
import { onGpu } from './title.ts';

type Fact = { label: string; c: Inline[] };

/** How it was decided, what it cost, who made it, and where it lies. */
export function facts({ sprint, branch }: Context): Block {
  const { cost } = sprint;
  const cached =
    cost.inputTokens > 0 ? ` (${Math.round((cost.cachedInputTokens / cost.inputTokens) * 100)}% cached)` : '';
  const training = onGpu(sprint)
    ? `${(cost.trainSeconds / 3600).toFixed(2)} GPU-hours of training`
    : `${duration(cost.trainSeconds)} of training on the CPU`;
  const confirming =
    cost.confirmSeconds === undefined ? '' : `${duration(cost.confirmSeconds)} of confirming, `;
  const rows: Fact[] = [
    { label: 'Decision', c: [text(sprint.reason)] },
    { label: 'Stopped because', c: [text(sprint.stopReason)] },
    {
      label: 'Spent',
      c: [
        strong(money(cost.usd)),
        text(
          ` in ${cost.turns} turns: ${samples(cost.inputTokens)} tokens in${cached}, ${samples(cost.outputTokens)} out`,
        ),
      ],
    },
    {
      label: 'Time',
      c: [
        text(
          `${training}, ${duration(cost.judgeSeconds)} of waiting for the verdict, ${confirming}${duration(cost.wallSeconds)} in all`,
        ),
      ],
    },
    { label: 'Researcher', c: researcher(sprint) },
    { label: 'Sandbox', c: [text(sprint.sandbox)] },
    ...hintRows(sprint),
    { label: 'Change', c: changeWords(sprint.change) },
    ...(branch === null ? [] : [{ label: 'Commit', c: commitWords(sprint, branch) }]),
  ];
  return { t: 'facts', rows };
}

/** By what rules and in what world the numbers came about. */
export function rulesFacts(context: Context): Block {
  const { sprint, profile } = context;
  const { verdict } = sprint;
  const world = verdict
    ? [text(`${verdict.world.name}, hash `), code(verdict.world.hash.slice(0, 12))]
    : [text(profile?.world ?? 'unknown')];
  const noise = `${number(sprint.noise)}${sprint.noiseFrom ? ` (${sprint.noiseFrom})` : ''}`;
  const looks = sprint.inspections;
  return {
    t: 'facts',
    rows: [
      { label: 'World', c: world },
      { label: 'Noise floor', c: [text(noise)] },
      ...(looks ? [{ label: 'Looks by inspect', c: [text(`${looks}, each on the judge's side`)] }] : []),
      ...observedRows(context),
    ],
  };
}

/**
 * The command that finds the commit. A report is made before its commit, and is the same when it is made
 * again: so it has no hash.
 */
function commitWords({ id }: Sprint, branch: string): Inline[] {
  const command = `git log -1 --stat --full-diff --diff-filter=A ${branch} -- sprints/${id}/sprint.json`;
  return [text('on '), code(branch), text(', shown by '), code(command)];
}

function researcher({ combines, researcher: { kind, model, label: name } }: Sprint): Inline[] {
  if (combines) return [text(`${name}; no language model was called`)];
  if (kind === 'offline')
    return [strong(name), text(': a script that walks a fixed path; no language model took part')];
  return [text(name), ...(model && !name.includes(model) ? [text(` (${model})`)] : [])];
}

function changeWords(change: Sprint['change']): Inline[] {
  if (change.files.length === 0) return [text('none')];
  const size = `${change.files.length} ${change.files.length === 1 ? 'file' : 'files'}, +${change.insertions} −${change.deletions}, `;
  const fate = change.kept
    ? change.infrastructure
      ? 'kept as infrastructure'
      : 'kept in the workspace'
    : 'undone; change.patch has it';
  return [text(size + fate)];
}
