import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';

/**
 * Checks the types of the workspace in `root` by its tsconfig.json. Returns the result in words: types are
 * not checked where the compiler is not installed (npm ci --omit=dev) or cannot run.
 * @throws UserError with file, line and message of the first error
 */
export async function checkTypes(root: string): Promise<string> {
  const typescript = await import('typescript/unstable/sync').catch(() => null);
  if (!typescript) return 'types not checked (typescript is not installed)';
  // The compiler is a program of its own. It looks up its own path in /proc and crashes without it.
  if (process.platform === 'linux' && !existsSync('/proc/self/exe')) {
    return 'types not checked (the compiler needs /proc, which is not mounted here)';
  }
  const config = join(root, 'tsconfig.json');
  const api = new typescript.API({ cwd: root });
  try {
    const project = api.updateSnapshot({ openProjects: [config] }).getProjects()[0];
    if (!project) throw new UserError(`${config}: not a TypeScript project`);
    const { program } = project;
    const found = [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()];
    if (found.length === 0) return 'types correct';
    const [first] = found;
    const more = found.length > 1 ? ` (and ${found.length - 1} more)` : '';
    throw new UserError(`${place(program, first, root)}${first.text}${more}`);
  } finally {
    api.close();
  }
}

interface Located {
  /** Path of the file; absent for an error of the project. */
  fileName?: string;
  /** Characters before the error. */
  pos: number;
}

function place(
  program: { getSourceFile(name: string): { text: string } | undefined },
  { fileName, pos }: Located,
  root: string,
): string {
  if (!fileName) return '';
  const text = program.getSourceFile(fileName)?.text ?? '';
  const name = fileName.startsWith(root) ? `sae${fileName.slice(root.length)}` : fileName;
  return `${name}:${text.slice(0, pos).split('\n').length}: `;
}
