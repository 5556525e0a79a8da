import { copyFileSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '#contract/errors';

/** What an export consists of. Code of the workspace wrote the folder: nothing else in it is pushed. */
const FILES = [
  ...['cfg.json', 'sae_weights.safetensors', 'parity.safetensors', 'encode.py', 'register_sae.py'],
];
/** The commands of huggingface_hub, the newer first. */
const COMMANDS = ['hf', 'huggingface-cli'];

/**
 * Puts an exported folder on the user's hub, as the model `repo` (`owner/name`), by the command of Python's
 * huggingface_hub, with the user's own token. Links are refused: they could name any file of the user's.
 * @throws UserError where there is no such command, the folder is no export, or the hub refuses
 */
export async function push(
  repo: string,
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const files = FILES.filter(
    (name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined,
  );
  if (!files.includes('cfg.json')) throw new UserError(`${folder}: there is no cfg.json; export it first`);
  const odd = files.find((name) => !lstatSync(join(folder, name)).isFile());
  if (odd !== undefined) throw new UserError(`${join(folder, odd)}: is no plain file; not pushed`);
  const copy = mkdtempSync(join(tmpdir(), 'push-'));
  try {
    for (const name of files) copyFileSync(join(folder, name), join(copy, name));
    for (const command of COMMANDS) {
      const ran = await execa(command, ['upload', repo, copy, '.', '--repo-type', 'model'], {
        ...{ env, extendEnv: false, reject: false, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' },
      });
      if (ran.code === 'ENOENT') continue;
      if (ran.exitCode === 0) return;
      throw new UserError(
        `${command} upload ${repo}: ended with ${ran.exitCode ?? ran.signal}; its words are above`,
      );
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
  throw new UserError(
    '--push needs huggingface_hub of Python: pip install huggingface_hub, then hf auth login',
  );
}

/** @throws UserError for what is no name of a model on a hub */
export function repoNamed(text: string | undefined): string {
  if (text !== undefined && /^[\w.-]+\/[\w.-]+$/.test(text) && !text.startsWith('-')) return text;
  throw new UserError(`--push ${text ?? ''}: must be owner/name`);
}
