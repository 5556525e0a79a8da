import { beforeAll, describe, expect, it } from 'vitest';
import { CudaDriver } from '../cuda-driver.ts';
import { chooseCudaDevice } from '../devices.ts';
import { cudaLibrary } from '../library.ts';
import { ptxOf, variantOf } from '../variants.ts';
import { noStandIn, standIn } from './stand-in.ts';

/** What a driver may overlook, and the stand-in must not, since it is what holds the binding. */
describe.skipIf(noStandIn)('the stand-in of libcuda.so.1', () => {
  const out = new BigUint64Array(1);
  let [stream, kernel, memory] = [0, 0, 0];
  beforeAll(() => {
    standIn();
    const { cuda } = cudaLibrary();
    new CudaDriver(chooseCudaDevice());
    const made = (code: number) => {
      expect(code, standIn().reason()).toBe(0);
      return Number(out[0]);
    };
    stream = made(cuda.streamCreate(out, 1));
    const ptx = ptxOf(variantOf('elementwise', '', 256));
    const module = made(cuda.moduleLoadDataEx(out, ptx, 0, null, null));
    kernel = made(cuda.moduleGetFunction(out, module, 'fill'));
    memory = made(cuda.memAlloc(out, 1024));
  });

  /** Launches fill(out, size, value) with its parameters as they are given. */
  function launched(words: { pointer?: number; bytes?: number; shared?: number; items?: number } = {}) {
    const { pointer = memory, bytes = 16, shared = 0, items = 256 } = words;
    const { cuda, addressOf } = cudaLibrary();
    const parameters = new DataView(new ArrayBuffer(24));
    parameters.setBigUint64(0, BigInt(bytes), true);
    parameters.setBigUint64(8, BigInt(pointer), true);
    parameters.setInt32(16, 256, true);
    const address = addressOf(parameters.buffer as ArrayBuffer);
    const extra = BigUint64Array.of(1n, address + 8n, 2n, address, 0n);
    return cuda.launchKernel(kernel, 1, 1, 1, items, 1, 1, shared, stream, null, extra);
  }

  it('is opened as often as tests that share a process open it', () => {
    for (let i = 0; i < 40; i++) expect(() => new CudaDriver(chooseCudaDevice())).not.toThrow();
  });

  it('computes what is right', () => {
    expect(launched()).toBe(0);
    const into = new Float32Array(256).fill(1);
    expect(cudaLibrary().cuda.memcpyDtoHAsync(into, memory, 1024, stream)).toBe(0);
    expect(into.every((value) => value === 0)).toBe(true);
  });

  it.each([
    ['too few bytes of parameters', { bytes: 12 }, /12 bytes of parameters, its PTX has 16/],
    ['too many', { bytes: 20 }, /20 bytes of parameters, its PTX has 16/],
    ['dynamic shared memory', { shared: 64 }, /64 bytes of dynamic shared memory/],
    ['a group that is too large', { items: 2048 }, /2048 work items/],
    ['a pointer of nothing', { pointer: 4096 }, /argument 0 is no memory that is there/],
  ])('refuses %s', (_, words, reason) => {
    expect(launched(words)).toBe(1);
    expect(standIn().reason()).toMatch(reason);
  });

  it('refuses memory that was freed, in a launch and in a copy, and to free it again', () => {
    const { cuda } = cudaLibrary();
    expect(cuda.memAlloc(out, 1024)).toBe(0);
    const freed = Number(out[0]);
    expect(cuda.memFree(freed)).toBe(0);
    expect(launched({ pointer: freed })).toBe(1);
    expect(cuda.memcpyHtoDAsync(freed, new Float32Array(4), 16, stream)).toBe(1);
    expect(cuda.memFree(freed)).toBe(1);
  });

  it('refuses copies that reach beyond their memory', () => {
    const { cuda } = cudaLibrary();
    const numbers = new Float32Array(257);
    expect(cuda.memcpyHtoDAsync(memory, numbers, 1028, stream)).toBe(1);
    expect(cuda.memcpyDtoHAsync(numbers, memory + 8, 1024, stream)).toBe(1);
    expect(cuda.memcpyDtoDAsync(memory + 512, memory, 516, stream)).toBe(1);
    expect(standIn().reason()).toMatch(/516 bytes of memory that is not all there/);
  });

  it('refuses everything without a context', () => {
    const { cuda } = cudaLibrary();
    expect(cuda.devicePrimaryCtxRetain(out, 0)).toBe(0);
    expect(cuda.ctxSetCurrent(0)).toBe(0);
    expect([launched(), cuda.memAlloc(out, 4), cuda.ctxSynchronize()]).toEqual([201, 201, 201]);
    expect(cuda.devicePrimaryCtxRetain(out, 0)).toBe(0);
    expect(cuda.ctxSetCurrent(Number(out[0]))).toBe(0);
  });

  it('refuses PTX that is none, into the log, and entries that are not visible', () => {
    const { cuda, addressOf } = cudaLibrary();
    const log = new ArrayBuffer(200);
    const values = BigUint64Array.of(addressOf(log), 200n);
    expect(cuda.moduleLoadDataEx(out, 'int main', 2, Int32Array.of(5, 6), values)).toBe(218);
    expect(Buffer.from(log).toString()).toMatch(/fatal: this is no PTX/);
    const ptx = ptxOf(variantOf('chain', '', 256)).replace('.visible .entry', '.entry');
    expect(cuda.moduleLoadDataEx(out, ptx, 0, null, null)).toBe(0);
    expect(cuda.moduleGetFunction(out, Number(out[0]), 'chain')).toBe(500);
  });

  it('refuses an entry whose parameters are not those of the source', () => {
    const { cuda } = cudaLibrary();
    const ptx = ptxOf(variantOf('chain', '', 256)).replace(/,\n\t\.param \.u32 chain_param_18/, '');
    expect(cuda.moduleLoadDataEx(out, ptx, 0, null, null)).toBe(0);
    expect(cuda.moduleGetFunction(out, Number(out[0]), 'chain')).toBe(218);
    expect(standIn().reason()).toBe('chain: the PTX has 18 parameters, its source 19');
  });

  it('refuses what a record does not allow', () => {
    const { cuda, graphs } = cudaLibrary();
    if (!graphs) throw new Error('no graphs');
    expect(graphs.streamBeginCapture(stream, 1)).toBe(0);
    expect([cuda.memAlloc(out, 4), cuda.streamSynchronize(stream)]).toEqual([900, 900]);
    expect(cuda.memcpyHtoDAsync(memory, new Float32Array(1), 4, stream)).toBe(900);
    expect(graphs.streamEndCapture(stream, out)).toBe(900);
    expect(graphs.graphLaunch(stream, stream)).toBe(400);
  });

  it('does nothing before something waits for it', () => {
    const { cuda, view } = cudaLibrary();
    expect(cuda.memHostAlloc(out, 4, 0)).toBe(0);
    const pinned = Number(out[0]);
    const numbers = new Float32Array(view(pinned, 4));
    numbers[0] = 1;
    expect(cuda.memcpyPinnedToDAsync(memory, pinned, 4, stream)).toBe(0);
    numbers[0] = 2;
    const into = new Float32Array(1);
    expect(cuda.memcpyDtoHAsync(into, memory, 4, stream)).toBe(0);
    expect(into[0]).toBe(2);
  });
});
