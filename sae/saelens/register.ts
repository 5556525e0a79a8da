import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '#contract/safetensors';

/** The module of an exported folder that registers its class with SAELens. */
export const REGISTER = 'register_sae.py';

/** Fields of a config that SAELens' own base class has. */
const COMMON = [
  ...['d_in', 'd_sae', 'dtype', 'device', 'apply_b_dec_to_input', 'normalize_activations'],
  ...['reshape_activations', 'metadata', 'architecture'],
];

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/**
 * The Python module that registers the architecture of an exported folder, by what its `cfg.json` and weights
 * are: after one import `SAE.load_from_disk` reads the folder. It encodes by `encode.py` beside it. Null
 * where a name of an architecture, a field or a weight cannot stand in Python.
 */
export function registering(folder: string): string | null {
  const config = JSON.parse(readFileSync(join(folder, 'cfg.json'), 'utf8')) as Record<string, unknown>;
  const { tensors } = readSafetensors(join(folder, 'sae_weights.safetensors'));
  const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
  const own = Object.entries(config).filter(([name]) => !COMMON.includes(name));
  const name = String(config.architecture);
  if (![name, ...own.map(([field]) => field), ...tensors.keys()].every((each) => IDENTIFIER.test(each)))
    return null;
  const fields = own.map(([name, value]) => `    ${name}: object = ${python(value)}`);
  return `"""Registers an architecture that SAELens lacks, ${name}. Written by \`npm run export\`.

    sys.path.insert(0, FOLDER)
    import register_sae
    sae = SAE.load_from_disk(FOLDER)

\`encode.py\` beside this file encodes and decodes; parity.safetensors holds it to the trained SAE.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import torch
from sae_lens import SAE, SAEConfig
from sae_lens.registry import register_sae_class

FOLDER = Path(__file__).parent
# Not by its name: another exported folder has an encode.py too.
_spec = importlib.util.spec_from_file_location("encode", FOLDER / "encode.py")
_form = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_form)

SHAPES = ${python(shapes)}


@dataclass
class ExportedConfig(SAEConfig):
${fields.length > 0 ? fields.join('\n') : '    pass'}

    @classmethod
    def architecture(cls):
        return ${python(name)}


class ExportedSAE(SAE):
    def initialize_weights(self):
        for name, shape in SHAPES.items():
            value = torch.zeros(shape, dtype=self.dtype, device=self.device)
            setattr(self, name, torch.nn.Parameter(value))

    def _weights(self):
        return {name: getattr(self, name) for name in SHAPES}

    def encode(self, x):
        x = self.run_time_activation_norm_fn_in(self.hook_sae_input(self.reshape_fn_in(x.to(self.dtype))))
        codes = _form.encode(x.reshape(-1, self.cfg.d_in), self._weights())
        return self.hook_sae_acts_post(codes.reshape(*x.shape[:-1], self.cfg.d_sae))

    def decode(self, feature_acts):
        recon = _form.decode(feature_acts.reshape(-1, self.cfg.d_sae), self._weights())
        recon = self.hook_sae_recons(recon.reshape(*feature_acts.shape[:-1], self.cfg.d_in))
        return self.reshape_fn_out(self.run_time_activation_norm_fn_out(recon), self.d_head)


register_sae_class(${python(name)}, ExportedSAE, ExportedConfig)
`;
}

/** JSON values as Python writes them. */
function python(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, each]) => `${JSON.stringify(name)}: ${python(each)}`)
      .join(', ')}}`;
  return JSON.stringify(value);
}
