import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';

/**
 * Checks the types of the workspace in `root` by its tsconfig.json. Returns what to say of it: where the compiler is not
 * installed (npm ci --omit=dev), or cannot run, types stay unchecked, and that is said.
 * @throws UserError naming file, line and trouble of the first error.
 */
export async function checkTypes(root: string): Promise<string> {
  const typescript = await import('typescript/unstable/sync').catch(() => null);
  if (!typescript) return 'types not checked (no typescript here)';
  // The compiler is a program of its own, which asks the kernel there for its own path, and without panics before its first word.
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
    if (found.length === 0) return 'types hold';
    const [first] = found;
    const more = found.length > 1 ? ` (and ${found.length - 1} more)` : '';
    throw new UserError(`${place(program, first, root)}${first.text}${more}`);
  } finally {
    api.close();
  }
}

interface Located {
  fileName?: string;
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
