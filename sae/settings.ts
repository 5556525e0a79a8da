import type { z } from 'zod';
import { UserError } from '#contract/errors';
import type { Addon } from './addon.ts';
import type { Architecture, BaseConfig } from './architecture.ts';
import { type Experiment, type Setting, type Settings, settingsOf } from './experiment.ts';
import type { WidthProfile } from './profiles.ts';
import { TrainerConfig } from './trainer/config.ts';

/** All settings of a run. */
export interface Resolved {
  /** The architecture's config. */
  sae: BaseConfig;
  /** The trainer's config. */
  trainer: TrainerConfig;
  /** Config of each add-on that is on, by its setting. */
  addons: Record<string, unknown>;
}

/**
 * The settings of a run. Later ones override earlier ones: defaults of architecture and trainer, the profile
 * (fields that the architecture has), the experiment, `--set`. For an architecture without k, `--set k=5` is
 * the L0 that the experiment aims at.
 * @throws UserError for an unknown field, with the known ones, or for a wrong value
 */
export function resolve(
  experiment: Experiment,
  architecture: Architecture,
  addons: ReadonlyMap<string, Addon>,
  profile: WidthProfile,
  d_in: number,
  overrides: readonly string[] = [],
): Resolved {
  const saeFields = Object.keys(architecture.config.shape);
  const trainerFields = Object.keys(TrainerConfig.shape);
  const sae: Record<string, unknown> = { d_in };
  const trainer: Record<string, unknown> = {};
  const chosen: Record<string, unknown> = {};
  const put = (name: string, value: Setting, where: string, optional = false): void => {
    const [, of, plain] = /^(?:(sae|trainer)\.)?(.*)$/s.exec(name) ?? [];
    const [head, ...rest] = plain.split('.');
    let target: Record<string, unknown> | null = null;
    if (of !== 'trainer' && saeFields.includes(head)) target = sae;
    else if (of !== 'sae' && trainerFields.includes(head)) target = trainer;
    else if (!of && addons.has(head)) target = chosen;
    if (target === null || head === 'd_in') {
      if (optional) return;
      const known = [...saeFields.filter((f) => f !== 'd_in'), ...trainerFields, ...addons.keys()].sort();
      throw new UserError(
        `${where}: "${head}" is no setting of ${of === 'trainer' ? 'the trainer' : experiment.architecture}; there are: ${known.join(', ')}`,
      );
    }
    if (rest.length === 0) target[head] = value;
    else target[head] = { ...(target[head] as object | undefined), [rest.join('.')]: value };
  };
  const asked = overrides.map(settingOf);
  // Without a k of the architecture, the experiment makes its settings for this L0.
  const aim = saeFields.includes('k') ? undefined : asked.findLast(({ name }) => name === 'k');
  if (aim && !(typeof aim.value === 'number' && aim.value > 0)) {
    throw new UserError(`${aim.where}: must be a number above 0, the L0 to aim at`);
  }
  const aimed = aim ? { ...profile, k: aim.value as number } : profile;
  const k = asked.findLast(({ name }) => name === 'k' || name === 'sae.k')?.value;
  for (const [name, value] of Object.entries(aimed)) put(name, value, 'profile', true);
  const settings: Settings = settingsOf(experiment, {
    ...aimed,
    aim: typeof k === 'number' ? k : profile.k,
  });
  for (const [name, value] of Object.entries(settings)) put(name, value, `experiment ${experiment.name}`);
  for (const { name, value, where } of asked) {
    if (!(aim && name === 'k')) put(name, value, where);
  }
  const where = `experiment ${experiment.name}`;
  const { d_sae } = sae;
  const most = typeof k === 'number' ? k : profile.k;
  if (typeof d_sae === 'number' && most > d_sae)
    throw new UserError(`${where}: k: is ${most}, and there are ${d_sae} latents`);
  return {
    sae: parse(architecture.config, sae, where),
    trainer: parse(TrainerConfig, trainer, where),
    addons: Object.fromEntries(
      Object.entries(chosen)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [
          name,
          parse((addons.get(name) as Addon).config, value, `${where}: ${name}`),
        ]),
    ),
  };
}

/** Parses `key=value`. @throws UserError if it is not one */
function settingOf(override: string): { name: string; value: Setting; where: string } {
  const where = `--set ${override}`;
  const at = override.indexOf('=');
  if (at < 1) throw new UserError(`${where}: must be key=value`);
  return { name: override.slice(0, at), value: settingFrom(override.slice(at + 1)), where };
}

/**
 * Parses `1/3` as a fraction, `.05` as a number, and JSON (`30`, `true`, `null`, `[4,16]`) as JSON; anything
 * else is a string.
 */
function settingFrom(text: string): Setting {
  const share = /^(\d+)\/(\d+)$/.exec(text);
  if (share) return Number(share[1]) / Number(share[2]);
  try {
    return JSON.parse(text) as Setting;
  } catch {
    return /^[+-]?(\d+\.?|\d*\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${where}: ${issue.path.join('.') || 'settings'}: ${issue.message}`);
}
