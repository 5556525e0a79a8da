/** A field of `cfg.json` that cannot be read exactly, and why. */
export class BadField extends Error {
  constructor(
    readonly field: string,
    reason: string,
  ) {
    super(reason);
  }
}

type Fields = Record<string, unknown>;

/**
 * Whether SAELens reads a config as one of before version 6: so it does without a version.
 * @throws BadField for an unknown version
 */
export function isLegacy({ sae_lens_version, metadata }: Fields): boolean {
  const version = sae_lens_version || (metadata as Fields | null | undefined)?.sae_lens_version;
  if (!version) return true;
  const major = Number.parseInt(String(version), 10);
  if (major <= 6) return major < 6;
  throw new BadField('sae_lens_version', `is ${JSON.stringify(version)}; SAELens 2 to 6 is read`);
}

const renamed: Record<string, string> = {
  hook_point: 'hook_name',
  hook_point_head_index: 'hook_head_index',
  activation_fn_str: 'activation_fn',
};

/**
 * A config of SAELens 2 to 5 in the fields of version 6. In those versions TopK was an activation function
 * with the argument `k`, of the architecture `standard` (2, 3) or `topk` (4, 5).
 * Source: `handle_pre_6_0_config`, SAELens 6.54, which ignores what is refused here.
 * @throws BadField for a field or value that version 6 does not have
 */
export function ofLegacy(content: Fields): Fields {
  const fields: Fields = Object.fromEntries(
    Object.entries(content).map(([name, value]) => [renamed[name] ?? name, value]),
  );
  fields.architecture ??= 'standard';
  const transcoder = ['is_transcoder', 'd_out', 'hook_point_out', 'hook_name_out'].find(
    (name) => fields[name],
  );
  if (transcoder)
    throw new BadField(transcoder, 'is that of a transcoder, which does not reconstruct its input');
  const hook = typeof fields.hook_name === 'string' ? fields.hook_name : '';
  fields.reshape_activations ??= hook.includes('hook_z') ? 'hook_z' : 'none';
  if (fields.normalize_activations === true) fields.normalize_activations = 'expected_average_only_in';
  const { architecture, activation_fn, activation_fn_kwargs } = fields;
  const isTopK = activation_fn === 'topk' || architecture === 'topk';
  if (!isTopK) {
    if (activation_fn && activation_fn !== 'relu') {
      throw new BadField('activation_fn', `"${activation_fn}" is not known; SAELens 6 has relu and topk`);
    }
    return fields;
  }
  if (architecture !== 'standard' && architecture !== 'topk') {
    throw new BadField('activation_fn', `topk in an SAE of the architecture "${architecture}" is not known`);
  }
  if (activation_fn && activation_fn !== 'topk') {
    throw new BadField('activation_fn', `"${activation_fn}" contradicts the architecture topk`);
  }
  const { k = fields.k, ...more } = (activation_fn_kwargs ?? {}) as Fields;
  const [other] = Object.keys(more);
  if (other) throw new BadField(`activation_fn_kwargs.${other}`, 'is not known; topk has k');
  if (k === undefined || k === null) {
    throw new BadField('activation_fn_kwargs.k', 'is missing, how many latents topk keeps');
  }
  if (fields.k !== undefined && fields.k !== k) {
    throw new BadField('activation_fn_kwargs.k', `${k} contradicts k, ${fields.k}`);
  }
  return { ...fields, architecture: 'topk', k };
}
