import { type Command, Option } from 'commander';
import { whole } from '#contract/command-line';
import type { SandboxChoice } from '#host/by-hand';
import { Confusion } from '../eval/confusion.ts';
import type { Evaluation } from '../eval/evaluation.ts';
import { byDepth, byRate, type Group, type LatentRow, latentRows } from '../eval/latents.ts';
import { type Asked, type Case, openCase } from '../judge/case.ts';
import { decidingEvaluation, type Measurement } from '../judge/measure.ts';
import type { Subject } from '../judge/subject.ts';
import type { Seed } from '../random.ts';
import { sayBuilding } from './building.ts';

/** Options of every command that looks at latents. */
export interface InspectOptions {
  profile?: string;
  treeDir?: string;
  world?: string;
  samples?: number;
  evalSeed?: number;
  stallSeconds: number;
  sandbox?: SandboxChoice;
}

/** Adds the argument and the options that say what is inspected, and on which samples. */
export const withInspectOptions = (command: Command): Command =>
  command
    .argument(
      '<folder>',
      'folder of a run, or of an SAE that SAELens saved (cfg.json, sae_weights.safetensors)',
    )
    .option(
      '--profile <name>',
      'profile of TASK.md for an SAE that SAELens saved (a run has its own profile)',
    )
    .option(
      '--tree-dir <dir>',
      'folder of the workspace to run the encoder from (default: the tree of the run)',
    )
    .option('--world <name>', 'use this world instead of the profile’s')
    .option('--samples <n>', 'fresh samples (default: a snapshot’s, as the profile says)', whole(1))
    .option('--eval-seed <n>', 'seed of the samples (default: a new key each time)', whole(0))
    .addOption(
      new Option('--sandbox <how>', 'bubblewrap for the encoder where it works').choices(['auto', 'off']),
    )
    .option('--stall-seconds <n>', 'end an encoder that answers nothing for this long', whole(1), 120);

/** What is inspected: a case, and the file of it that is measured. */
export interface Inspected extends Case {
  file: string;
}

/**
 * Opens a run's checkpoint, or another file below its `out/`, or an SAE that SAELens saved; all are inspected
 * in the same way.
 */
export async function openInspected(
  subject: Subject,
  options: InspectOptions & { seed: Seed },
  file = 'checkpoint.safetensors',
): Promise<Inspected> {
  return { ...(await openCase(subject, { ...options, onBuild: sayBuilding })), file };
}

/** A measurement with what each latent is confused with. */
export interface Look {
  measurement: Measurement;
  deciding: Evaluation;
  confusion: Confusion;
  rows: LatentRow[];
}

export async function look(opened: Inspected, samples: number, asked: Asked = {}): Promise<Look> {
  const { world } = opened.world;
  let confusion: Confusion | undefined;
  const measurement = await opened.measure(opened.file, samples, {
    ...asked,
    onBatch(truth, codes, matching) {
      confusion ??= new Confusion(matching.best.length, world.numFeatures);
      confusion.add(truth, codes, matching.best);
      asked.onBatch?.(truth, codes, matching);
    },
  });
  const { matching } = measurement;
  const deciding = decidingEvaluation(measurement);
  const counted = confusion ?? new Confusion(matching.best.length, world.numFeatures);
  return {
    ...{ measurement, deciding, confusion: counted },
    rows: latentRows(world, matching, deciding, counted),
  };
}

/** Means by groups of the latents' features, as text tables. */
export const groupsText = (rows: readonly LatentRow[]): string =>
  [
    ...groupLines('by depth of the feature', byDepth(rows)),
    '',
    ...groupLines('by firing rate of the feature', byRate(rows)),
    '',
  ].join('\n');

function groupLines(title: string, groups: readonly Group[]): string[] {
  return [
    `${title.padEnd(32)} latents precision  recall      F1`,
    ...groups.map(
      ({ name, latents, precision, recall, f1 }) =>
        `${name.padEnd(32)} ${String(latents).padStart(7)} ${precision.toFixed(3).padStart(9)} ${recall
          .toFixed(3)
          .padStart(7)} ${f1.toFixed(3).padStart(7)}`,
    ),
  ];
}
