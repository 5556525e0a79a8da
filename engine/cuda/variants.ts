import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { DeviceError } from '../opencl/library.ts';
import { type Group, nameOf, type Source, sourceOf } from '../opencl/programs.ts';

/** Kernels as they are built: with these macros. */
export interface Variant {
  of: Group | Source;
  /** "GROUP=256", "VECTOR=4". */
  macros: readonly string[];
  /**
   * How many groups a multiprocessor should hold at a time: ptxas gives a work item no more registers than
   * that allows. Without it ptxas chooses.
   */
  together?: number;
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
  ...PLAIN.map((of) => ({ of, macros: [OWN] })),
  { of: 'mma', macros: [OWN], together: 1 },
  ...['VECTOR=4', 'VECTOR=1'].map((vector): Variant => ({ of: 'sparse', macros: [OWN, vector] })),
  ...['TA=0', 'TA=1'].flatMap((a) =>
    ['TB=0', 'TB=1'].flatMap((b): Variant[] => {
      const product = (...sizes: string[]): Variant => ({
        of: 'matmul',
        macros: [OWN, a, b, 'TX=16', 'TY=16', ...sizes],
      });
      return [
        // 128 registers, or less: with more, a multiprocessor holds one group.
        { ...product('R=8', 'K=8', 'VECTOR=4'), together: 2 },
        product('R=8', 'K=8', 'VECTOR=1'),
        product('R=4', 'K=16', 'VECTOR=4'),
        product('R=4', 'K=16', 'VECTOR=1'),
      ];
    }),
  ),
];

/** What PTX says behind each entry, so that ptxas knows its groups: nothing where it chooses. */
export const limitsOf = ({ together }: Variant): string =>
  together === undefined ? '' : `.maxntid ${ITEMS}, 1, 1\n.minnctapersm ${together}\n`;

/** The variant that a launch asks for, by the words of its program: "-D VECTOR=4". */
export function variantOf(of: Group | Source, defines: string, items: number): Variant {
  const macros = defines
    .split('-D')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return { of, macros: [`GROUP=${items}`, ...macros] };
}

/** "sparse-GROUP256-VECTOR4.ptx". */
export const fileOf = ({ of, macros }: Variant): string =>
  `${[nameOf(of), ...macros.map((macro) => macro.replace('=', ''))].join('-')}.ptx`;

const OF_ENGINE = new URL('./ptx/', import.meta.url);
/** Where the PTX of kernels lies. */
export const folderOf = (of: Group | Source): URL =>
  typeof of === 'string' ? OF_ENGINE : new URL('ptx/', of.folder);

/** The oldest cards that the PTX is for: Volta. A driver compiles it for its card, which may be newer. */
export const OLDEST = { major: 7, minor: 0 };
/** The oldest cards that the PTX of tensor cores is for: Ampere. Older ones encode in float32. */
export const TENSOR_CORES = { major: 8, minor: 0 };
/** The oldest card that PTX of these kernels is for: "sm_70". */
export function oldestOf(of: Group | Source): string {
  const { major, minor } = of === 'mma' ? TENSOR_CORES : OLDEST;
  return `sm_${major}${minor}`;
}
export const LIBRARY = '/usr/lib/clc/nvptx64--nvidiacl.bc';

/** What clang is told. Target cuda, not nvcl: entries of nvcl are not visible to cuModuleGetFunction. */
export function compilerWords({ of, macros }: Variant): string[] {
  const front = [
    ...['-finclude-default-header', '-target-cpu', oldestOf(of)],
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
  hash.update(limitsOf(variant));
  hash.update(sourceOf(variant.of));
  return `// ${nameOf(variant.of)} ${variant.macros.join(' ')} of ${hash.digest('hex')}`;
}

/** The PTX of a variant. @throws DeviceError where none was built */
export function ptxOf(variant: Variant): string {
  const file = new URL(fileOf(variant), folderOf(variant.of));
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new DeviceError(
    `no PTX of ${nameOf(variant.of)} for ${variant.macros.join(' ')}: npm run build:ptx builds what launches ask for, and this is not among it`,
    0,
  );
}
