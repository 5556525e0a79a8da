import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { openBackend } from '#engine/backend';
import { exportCheckpoint } from '../export.ts';
import { loadArchitecture } from '../load.ts';
import { readCheckpoint } from '../trainer/checkpoint.ts';

interface Options {
  /** Folder of the export. */
  out?: string;
  /** The language model that the activations come from. */
  modelName?: string;
  /** Where in that model they are taken. */
  hookName?: string;
  /** Tokens of a context. */
  contextSize?: number;
}

const command = program(
  'npm run export --',
  'Writes a trained SAE in the files of SAELens (cfg.json, sae_weights.safetensors), with a parity file.',
)
  .argument('<run>', 'a run: its id, words that only one id has, its folder; or a checkpoint.safetensors')
  .option('--out <folder>', 'the folder to write; default: <run>/export')
  .option('--model-name <name>', 'the language model whose activations these are, for SAELens and SAEBench')
  .option('--hook-name <name>', 'the place in it, as in blocks.6.hook_resid_post')
  .option('--context-size <n>', 'tokens of a context', whole(1))
  .addHelpText(
    'after',
    `
Examples:
  npm run export -- checkpoints/<run>
  npm run export -- best --model-name gpt2 --hook-name blocks.6.hook_resid_post --context-size 128
  npm run export -- checkpoints/<run> --out /tmp/my-sae
  npm run export -- best --push me/my-sae         # onto your hub, for you alone; --public for all
In Python: SAE.load_from_disk("/tmp/my-sae"). For an architecture that SAELens lacks there are
encode.py and register_sae.py: import register_sae first.`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const [run] = command.args;
  const file = [run, join(run, 'checkpoint.safetensors'), join(run, 'out/checkpoint.safetensors')].find(
    (path) => path.endsWith('.safetensors') && existsSync(path),
  );
  if (!file) throw new UserError(`${run}: no checkpoint.safetensors here or in its out/; name a run folder`);
  const options = command.opts<Options>();
  const out = options.out ?? join(run.endsWith('.safetensors') ? '.' : run, 'export');
  const checkpoint = readCheckpoint(file);
  if (checkpoint.config.scale !== 1) {
    throw new UserError(
      `${file}: its run scales x, and the scale is folded into the weights when the run finishes; finish it (npm run train -- --resume <run folder>), then export its checkpoint.safetensors`,
    );
  }
  const architecture = await loadArchitecture(checkpoint.config.architecture);
  await openBackend('embedded');
  const {
    architecture: name,
    loads,
    checked,
    files,
  } = await exportCheckpoint(checkpoint, architecture, out, {
    ...(options.modelName !== undefined && { model_name: options.modelName }),
    ...(options.hookName !== undefined && { hook_name: options.hookName }),
    ...(options.contextSize !== undefined && { context_size: options.contextSize }),
  });
  process.stdout.write(`${out}: ${files.join(', ')} (${name})\n`);
  if (!loads && !files.includes('encode.py')) {
    process.stdout.write(
      `no Python form: SAELens has no ${name}, and there is no sae/architectures/${checkpoint.config.architecture}.py with its encoder in Python\n`,
    );
  }
  if (!checked) {
    const python = files.includes('encode.py')
      ? `; compare them in Python: python3 ${join(out, 'encode.py')}`
      : '';
    process.stdout.write(
      `not checked: this project cannot load ${name}, so the codes were not compared${python}\n`,
    );
  }
  const addons = Object.keys(checkpoint.config.addons);
  if (addons.length > 0)
    process.stdout.write(`not exported: ${addons.join(', ')}, an add-on of this project at inference\n`);
  return 0;
});
