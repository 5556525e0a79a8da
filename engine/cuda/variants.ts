import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { DeviceError } from '../opencl/library.ts';
import { type Group, sourceOf } from '../opencl/programs.ts';

/** A group of kernels as it is built: with these macros. */
export interface Variant {
  group: Group;
  /** "GROUP=256", "VECTOR=4". */
  macros: readonly string[];
}

/** Work items of a group: what every card allows, and the only size that PTX is built for. */
export const ITEMS = 256;
const OWN = `GROUP=${ITEMS}`;

const PLAIN: readonly Group[] = [
  ...(['elementwise', 'movement', 'reductions', 'select', 'fused', 'optimiser', 'tracking'] as const),
  'chain',
];

/** All that PTX is built for. Its names are those of the files of ptx/. */
export const VARIANTS: readonly Variant[] = [
  ...PLAIN.map((group) => ({ group, macros: [OWN] })),
  ...['VECTOR=4', 'VECTOR=1'].map((vector): Variant => ({ group: 'sparse', macros: [OWN, vector] })),
  ...['R=8', 'R=4'].flatMap((each) =>
    ['TA=0', 'TA=1'].flatMap((a) =>
      ['TB=0', 'TB=1'].map(
        (b): Variant => ({ group: 'matmul', macros: [OWN, a, b, 'TX=16', 'TY=16', each, 'K=16'] }),
      ),
    ),
  ),
];

/** The variant that a launch asks for, by the words of its program: "-D VECTOR=4". */
export function variantOf(group: Group, defines: string, items: number): Variant {
  const macros = defines
    .split('-D')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return { group, macros: [`GROUP=${items}`, ...macros] };
}

/** "sparse-GROUP256-VECTOR4.ptx". */
export const fileOf = ({ group, macros }: Variant): string =>
  `${[group, ...macros.map((macro) => macro.replace('=', ''))].join('-')}.ptx`;

export const FOLDER = new URL('./ptx/', import.meta.url);

/** The oldest cards that the PTX is for: Volta. A driver compiles it for its card, which may be newer. */
export const OLDEST = { major: 7, minor: 0 };
export const LIBRARY = '/usr/lib/clc/nvptx64--nvidiacl.bc';

/** What clang is told. Target cuda, not nvcl: entries of nvcl are not visible to cuModuleGetFunction. */
export function compilerWords({ macros }: Variant): string[] {
  const front = [
    ...['-finclude-default-header', '-target-cpu', `sm_${OLDEST.major}${OLDEST.minor}`],
    ...['-mlink-bitcode-file', LIBRARY],
  ];
  return [
    ...['-x', 'cl', '-cl-std=CL1.2', '--target=nvptx64-nvidia-cuda', '-O3', '-w'],
    ...macros.map((macro) => `-D${macro}`),
    ...front.flatMap((word) => ['-Xclang', word]),
    ...['-S', '-', '-o', '-'],
  ];
}

/** The first line of a file of ptx/: what it is built from. */
export function headOf(variant: Variant): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(compilerWords(variant)));
  hash.update(sourceOf(variant.group));
  return `// ${variant.group} ${variant.macros.join(' ')} of ${hash.digest('hex')}`;
}

/** The PTX of a variant. @throws DeviceError where none was built */
export function ptxOf(variant: Variant): string {
  const file = new URL(fileOf(variant), FOLDER);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new DeviceError(
    `no PTX of ${variant.group} for ${variant.macros.join(' ')}: engine/cuda/variants.ts has what npm run build:ptx builds`,
    0,
  );
}
