import { isBuiltin } from 'node:module';

/** Functions of node:fs that read no file. */
const WRITERS = new Set([
  ...['existsSync', 'mkdirSync', 'mkdtempSync', 'rmSync', 'renameSync'],
  ...['writeFileSync', 'appendFileSync', 'writeSync'],
  ...['mkdir', 'mkdtemp', 'rm', 'rename', 'writeFile', 'appendFile'],
]);
/** Modules of Node that load no file and start nothing. */
const HARMLESS =
  /^(node:)?(assert|buffer|crypto|events|fs|os|path|perf_hooks|process|stream|string_decoder|timers|tty|url|util|zlib)(\/|$)/;

/** What hides from a bundle in code without blanks and comments, and what to call it. */
const HIDDEN: [RegExp, string][] = [
  [/\bimport\((?!"[^"]*"\)|'[^']*'\))|\bimportFile\b/, 'imports what is known only when it runs'],
  [
    /\b(require|createRequire|eval|Function)\(|\bgetBuiltinModule\b|\bprocess\.binding\b/,
    'loads code by name',
  ],
  [/\bfetch\(/, 'fetches'],
  [/\bread(Safetensors|Task|Noise)\b/, 'reads files when it runs'],
];

/**
 * Why a bundle does not show all that a module depends on: an import or a file that is known only when it
 * runs. Null where it does. `code`: without blanks and comments. Words in texts count too, so this errs on
 * the safe side. It finds what people write; code that hides on purpose can pass.
 */
export function unseenIn(code: string): string | null {
  const hidden = HIDDEN.find(([pattern]) => pattern.test(code));
  if (hidden) return hidden[1];
  for (const [, clause = '', from = ''] of code.matchAll(
    /\b(?:import|export)([^"';=()]*)["']([^"']+)["']/g,
  )) {
    if (!isBuiltin(from)) continue;
    if (!HARMLESS.test(from)) return `uses ${from}`;
    if (/^(node:)?fs(\/|$)/.test(from) && !onlyWrites(clause)) return 'reads files when it runs';
  }
  return null;
}

/** Whether a clause of an import (`{existsSync,rmSync as rm}from`) names nothing that reads. */
function onlyWrites(clause: string): boolean {
  const [, names] = /^\{(.*)\}from$/.exec(clause.trim()) ?? [];
  return names?.split(',').every((name) => WRITERS.has(name.split(' as ')[0].trim())) ?? false;
}

/**
 * Whether code says the same wherever and whenever it runs: it sees nothing of its process. Such code can be
 * run instead of read.
 */
export const isPlain = (code: string): boolean =>
  unseenIn(code) === null &&
  !/\b(process|global|globalThis|Date|performance|random|crypto|navigator|Intl|prototype|constructor|await|import\.meta)\b/.test(
    code,
  );
