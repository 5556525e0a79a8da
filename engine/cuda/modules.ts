import { DeviceError } from '../opencl/library.ts';
import {
  type Group,
  keyOf,
  nameOf,
  type Parameter,
  parametersOf,
  type Source,
  sourceOf,
} from '../opencl/programs.ts';
import { check, TOO_OLD } from './errors.ts';
import { cudaLibrary } from './library.ts';
import { fileOf, ptxOf, variantOf } from './variants.ts';

/** Of cuda.h: where the driver's compiler writes what is wrong, and how much room is there. */
const JIT = { errorLog: 5, errorLogBytes: 6 };
const LOG_BYTES = 8192;

interface Module {
  handle: number;
  parameters: Map<string, Parameter[]>;
}

/** The kernels of a device, whose PTX the driver compiles for its card when they are first asked for. */
export class Modules {
  private readonly library = cudaLibrary();
  private readonly modules = new Map<string, Module>();

  constructor(private readonly device: string) {}

  kernel(
    of: Group | Source,
    name: string,
    defines: string,
    items: number,
  ): { handle: number; parameters: readonly Parameter[] } {
    const module = this.module(of, defines, items);
    const parameters = module.parameters.get(name);
    if (!parameters) throw new Error(`${nameOf(of)}.cl has no kernel ${name}`);
    const kernel = new BigUint64Array(1);
    const code = this.library.cuda.moduleGetFunction(kernel, module.handle, name);
    check(code, `${this.device}: the kernel ${name}`);
    return { handle: Number(kernel[0]), parameters };
  }

  private module(of: Group | Source, defines: string, items: number): Module {
    const key = `${keyOf(of)} ${items} ${defines}`;
    const known = this.modules.get(key);
    if (known) return known;
    const variant = variantOf(of, defines, items);
    const handle = this.load(ptxOf(variant), fileOf(variant));
    const module = { handle, parameters: parametersOf(sourceOf(of)) };
    this.modules.set(key, module);
    return module;
  }

  /** @throws DeviceError with the first line of the driver's compiler, where it says one */
  private load(ptx: string, file: string): number {
    const { cuda, addressOf } = this.library;
    const log = new ArrayBuffer(LOG_BYTES);
    const options = Int32Array.of(JIT.errorLog, JIT.errorLogBytes);
    const values = BigUint64Array.of(addressOf(log), BigInt(LOG_BYTES));
    const module = new BigUint64Array(1);
    const code = cuda.moduleLoadDataEx(module, ptx, options.length, options, values);
    const what = `${this.device} cannot load ${file}`;
    const [line] = Buffer.from(log).toString('utf8').split('\0')[0].trim().split('\n');
    // What a driver that is too old says of itself names no remedy.
    if (code !== 0 && code !== TOO_OLD && line) throw new DeviceError(`${what}: ${line.trim()}`, code);
    check(code, what);
    return Number(module[0]);
  }
}
