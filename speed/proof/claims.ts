import { answersOf, linesOf, samplesPerSecond } from './answers.ts';
import { againstBands, PUBLISHED } from './bands.ts';
import { type Claim, claim, one, onGpu } from './claim.ts';
import { claimsBeside } from './claims-beside.ts';
import { type Done, missingOf, passed } from './proof.ts';
import type { WholeRun } from './whole-run.ts';

/** Backends that compute on a GPU where one is. */
const OF_GPUS = ['opencl', 'cuda', 'node-gpu', 'webgpu'];
const MOST_MINUTES = 3;
const MOST_LAUNCHES = 60;
const MOST_WAITING = 0.1;
const DEFAULT = 'LISTA-Matryoshka';

/** Every claim that only a card can show, in the order of its worth. */
export function claimsOf(done: readonly Done[], hasPeer: boolean): Claim[] {
  return [
    ...OF_GPUS.map((backend) => goldenStep(done, backend)),
    ...defaultRecipe(done),
    ...wholeRun(done),
    ...peers(done, hasPeer),
    ...claimsBeside(done),
  ];
}

function goldenStep(done: readonly Done[], backend: string): Claim {
  const part = done.find(
    ({ asked }) => asked.kind === 'golden' && asked.backend === backend && asked.encode === undefined,
  );
  const found = passed(done).find((one) => one.backend === backend && one.encode === undefined);
  const [what, wanted] = [`golden step of \`${backend}\``, 'right, on a GPU'];
  const why = part && 'reason' in part.outcome ? part.outcome.reason : null;
  const missing = part && missingOf(part);
  if (missing) return claim(what, wanted, missing, null);
  const isOnGpu = found?.gpu ?? false;
  return claim(what, wanted, found ? `${found.label}${isOnGpu ? '' : ': not on a GPU'}` : why, isOnGpu);
}

type Steps = ReturnType<typeof onGpu>;
const fastest = (steps: Steps): Steps[number] | undefined =>
  steps.toSorted((a, b) => a.answer.ms.step - b.answer.ms.step)[0];
function defaultRecipe(done: readonly Done[]): Claim[] {
  const steps = onGpu(done).filter(({ part }) => part.asked.recipe === DEFAULT);
  const minutes = (step: Steps[number]) => PUBLISHED.samples / samplesPerSecond(step.answer) / 60;
  // What TF32 does to F1 is a claim of its own.
  const inFloat32 = steps.filter(({ part: { asked } }) => asked.encode === undefined);
  const served = fastest(inFloat32.filter(({ part: { asked } }) => !asked.resident));
  const alone = fastest(inFloat32.filter(({ part: { asked } }) => asked.resident));
  const inTf32 = fastest(steps.filter(({ part: { asked } }) => asked.encode === 'tf32'));
  const projected = (what: string, step: Steps[number] | undefined, tf32?: Steps[number]) =>
    claim(
      `200M samples of the default recipe, projected, ${what}`,
      `at most ${MOST_MINUTES} minutes`,
      step
        ? `${one(minutes(step))} minutes (\`${step.part.asked.backend}\`)${tf32 ? `; with encodes in TF32 ${one(minutes(tf32))}` : ''}`
        : null,
      step !== undefined && minutes(step) <= MOST_MINUTES,
    );
  const own = steps.flatMap(({ answer }) => (answer.device ? [{ ...answer, device: answer.device }] : []));
  const most = (of: (answer: (typeof own)[number]) => number): number | null =>
    own.length === 0 ? null : Math.max(...own.map(of));
  const read = most(({ device }) => device.bytesRead);
  const launches = most(({ device }) => device.launches);
  const thread = most(({ ms }) => (ms.thread ?? Number.POSITIVE_INFINITY) / ms.step);
  const waiting = served ? served.answer.ms.waiting / served.answer.ms.step : null;
  const percent = (share: number | null) => (share === null ? null : `${Math.round(100 * share)} %`);
  return [
    projected('with its data', served, inTf32),
    projected('steps alone', alone),
    claim('bytes that a step reads back', 'none', read === null ? null : `${read}`, read === 0),
    claim(
      'launches of a step (one where the driver has graphs)',
      `at most ${MOST_LAUNCHES}`,
      launches === null ? null : one(launches),
      launches !== null && launches <= MOST_LAUNCHES,
    ),
    claim(
      'time of JavaScript, of a step',
      'less than the step',
      percent(thread),
      thread !== null && thread < 1,
    ),
    claim(
      'time waiting for data, of a step',
      `at most ${100 * MOST_WAITING} %`,
      percent(waiting),
      waiting !== null && waiting <= MOST_WAITING,
    ),
  ];
}

/** A whole run is compared where it is of the published sizes. */
function wholeRun(done: readonly Done[]): Claim[] {
  const run = answersOf<'run', WholeRun>(done, 'run')
    .map(({ answer }) => answer)
    .find(({ profile, samples }) => profile === '16k' && samples >= PUBLISHED.samples);
  const minutes = run ? run.seconds / 60 : Number.NaN;
  const checked = run ? againstBands(run.metrics) : [];
  const isCheck = run?.world === 'synth-16k';
  return [
    claim(
      '200M samples of the default recipe, in fact (`--full`)',
      `at most ${MOST_MINUTES} minutes`,
      run ? `${one(minutes)} minutes` : null,
      minutes <= MOST_MINUTES,
    ),
    claim(
      `its F1 and MCC${run && !isCheck ? ' (another world: an expectation)' : ''}`,
      'within the published bands',
      run ? checked.map(({ metric, value }) => `${metric} ${value.toFixed(3)}`).join(', ') : null,
      checked.every(({ isInside }) => isInside),
    ),
  ];
}

/** SAELens on the GPU; measured by us once on an H200 (docs/backends.md), for where there is none. */
const ON_H200 = 'an H200 did 153,000/s of BatchTopK and 103,000/s of LISTA';
/** Of our sampler on the processor. */
const SAMPLER = 'peer sampler';
function peers(done: readonly Done[], hasPeer: boolean): Claim[] {
  const isStep = ({ device, name }: Record<string, unknown>) => device !== 'cpu' && name !== SAMPLER;
  const lines = linesOf(done, 'peer').filter(isStep);
  const found = lines.map(({ name, ratio }) => `${String(name).replace('peer ', '')} ${one(Number(ratio))}`);
  const none = hasPeer ? null : 'no Python here has it (SAELENS_PYTHON names one that has)';
  const holds = lines.length > 0 && lines.every(({ ratio }) => Number(ratio) > 1);
  return [
    {
      what: 'times as fast as SAELens beside it',
      wanted: `above 1 (its steps with its data: ${ON_H200})`,
      found: lines.length > 0 ? found.join(', ') : (none ?? 'not measured'),
      holds: lines.length > 0 ? holds : null,
    },
  ];
}
