import { PATH, type Settings, type Step } from './path.ts';

/** The one file of the workspace that every step edits. */
export const CANDIDATE = 'sae/experiments/candidate.ts';

export interface Candidate {
  architecture: string;
  settings: Settings;
}

/**
 * The architecture and settings of some steps together, in the order of the path, whatever the order of their
 * gains.
 */
export function combine(steps: readonly Step[]): Candidate {
  const chosen = PATH.filter((step) => steps.includes(step));
  const last = chosen.findLast((step) => step.architecture !== undefined);
  const architecture = last?.architecture ?? 'batchtopk';
  const settings: Record<string, string> = {};
  for (const step of chosen) {
    Object.assign(settings, step.settings, step === last ? step.ownSettings : {});
  }
  return { architecture, settings };
}

/** The text of candidate.ts for some steps. */
export function candidateFile(steps: readonly Step[]): string {
  return `import type { Experiment } from '../experiment.ts';

/** What gave a gain so far, and the one change that the present sprint tries. */
export const experiments: Experiment[] = [
  {
    name: 'candidate',
${candidateBody(steps)}
  },
];
`;
}

/** The lines of candidate.ts that a step changes. */
export function candidateBody(steps: readonly Step[]): string {
  const { architecture, settings } = combine(steps);
  const titles = PATH.filter((step) => steps.includes(step)).map((step) => step.title);
  const lines = Object.entries(settings).map(([name, value]) =>
    name === value ? `      ${name},` : `      ${name}: ${value},`,
  );
  const used = ['k', 'aim', 'anneal', 'matryoshka_widths'].filter((name) =>
    Object.values(settings).some((value) => new RegExp(`\\b${name}\\b`).test(value)),
  );
  const from = used.length > 0 ? `({ ${used.join(', ')} }) => (` : '';
  const block = lines.length > 0 ? [`    settings: ${from}{`, ...lines, `    }${from && ')'},`] : [];
  const described = `'${titles.join(' + ')}',`;
  return [
    // The formatter breaks a line of more than 110 columns.
    `    description:${described.length > 93 ? '\n      ' : ' '}${described}`,
    `    architecture: '${architecture}',`,
    ...block,
  ].join('\n');
}
