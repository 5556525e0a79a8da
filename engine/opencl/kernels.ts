import type { Found } from './devices.ts';
import { check, DeviceError, type OpenCl } from './library.ts';
import {
  type Group,
  keyOf,
  nameOf,
  type Parameter,
  parametersOf,
  type Source,
  sourceOf,
} from './programs.ts';

const BUILD_LOG = 0x1183;

/** The kernels of a device, whose programs are built from their sources when they are first asked for. */
export class Kernels {
  private readonly programs = new Map<string, { handle: number; parameters: Map<string, Parameter[]> }>();

  constructor(
    private readonly cl: OpenCl,
    private readonly found: Found,
    private readonly context: number,
  ) {}

  /** A kernel of its own for groups of that many work items, with what it takes. */
  another(
    of: Group | Source,
    name: string,
    defines: string,
    items: number,
  ): { handle: number; parameters: readonly Parameter[] } {
    const program = this.program(of, defines, items);
    const parameters = program.parameters.get(name);
    if (!parameters) throw new Error(`${nameOf(of)}.cl has no kernel ${name}`);
    const code = new Int32Array(1);
    const handle = this.cl.createKernel(program.handle, name, code);
    check(code[0], `${this.found.name}: the kernel ${name}`);
    return { handle, parameters };
  }

  private program(of: Group | Source, defines: string, items: number) {
    const key = `${keyOf(of)} ${items} ${defines}`;
    const known = this.programs.get(key);
    if (known) return known;
    const written = sourceOf(of);
    // On a processor unrolled loops only take the compiler seconds.
    const source = this.found.kind === 'software' ? written.replace(/^ *#pragma unroll.*$/gm, '') : written;
    const program = {
      handle: this.build(source, nameOf(of), defines, items),
      parameters: parametersOf(source),
    };
    this.programs.set(key, program);
    return program;
  }

  /** @throws DeviceError with the first error of the compiler. */
  private build(source: string, what: string, defines: string, items: number): number {
    const code = new Int32Array(1);
    const program = this.cl.createProgramWithSource(this.context, 1, [source], null, code);
    check(code[0], `the program ${what}`);
    const exact = this.found.dividesExactly ? ' -cl-fp32-correctly-rounded-divide-sqrt' : '';
    const options = `-w -cl-std=CL1.2${exact} -D GROUP=${items} ${defines}`;
    const device = BigUint64Array.of(BigInt(this.found.id));
    const built = this.cl.buildProgram(program, 1, device, options, null, null);
    if (built === 0) return program;
    const log = Buffer.alloc(1 << 16);
    this.cl.getProgramBuildInfo(program, this.found.id, BUILD_LOG, log.length, log, null);
    throw new DeviceError(
      `${this.found.name} cannot build ${what}.cl: ${firstError(log.toString('utf8'))}`,
      built,
    );
  }
}

/** The line of a compiler's log that says what is wrong. */
function firstError(log: string): string {
  const lines = log
    .split('\0')[0]
    .split('\n')
    .filter((line) => line.trim() !== '');
  return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? 'the compiler said nothing').trim();
}
