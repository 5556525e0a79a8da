import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

interface Need {
  what: string;
  /**
   * Matches the tests that skip without it: by their file, in whichever tier, or by the reason that they give
   * (`file: reason`).
   */
  of: RegExp;
  remedy: string;
  /** Why CI may lack it. Without a reason a test that is skipped there fails the run. */
  notInCi?: string;
}

/** What tests need and npm does not install. */
const NEEDS: readonly Need[] = [
  {
    what: 'the exported encode in Python',
    of: /: .*numpy/,
    remedy: 'install numpy for Python 3 (apt-get install python3-numpy)',
    notInCi: 'only the exported code needs numpy',
  },
  {
    what: 'probes against scikit-learn',
    of: /(^|\/)sklearn\./,
    remedy: 'pip install scikit-learn, and name its Python in SKLEARN_PYTHON',
    notInCi: 'the probes are also held to a plain reference, and scikit-learn is large',
  },
  {
    what: 'a trainer that the kernel kills',
    of: /: no control group/,
    remedy: 'run it as root where /sys/fs/cgroup can be written',
    notInCi: 'containers often may not make control groups',
  },
  {
    what: 'a trainer on a full disk',
    of: /: no small disk/,
    remedy: 'run it where a user namespace may mount a tmpfs',
    notInCi: 'containers often may not mount',
  },
  {
    what: 'the sandbox',
    of: /(^|\/)(bubblewrap(-hosts)?|named-mounts|by-hand|sandbox|sight|cheats\/tests|confined|check\/types)\./,
    remedy: 'install bubblewrap (apt-get install bubblewrap), where user namespaces are allowed',
  },
  {
    what: 'the notebook in a browser',
    of: /(^|\/)(browser|write)\/chromium\./,
    remedy: 'install Chromium (apt-get install chromium)',
    notInCi: '.ci/run installs it where the distribution has it',
  },
  {
    what: 'OpenBLAS in the engine',
    of: /(^|\/)blas(-core)?\./,
    remedy: 'install OpenBLAS (apt-get install libopenblas0-pthread)',
    notInCi: 'CI tests the engine with npm packages only',
  },
  {
    what: 'ONNX Runtime in the engine',
    of: /(^|\/)onnx\./,
    remedy: 'install it (npm run setup:onnx)',
    notInCi: 'it is optional; .ci/run installs it after the other tests, and runs these again',
  },
  {
    what: 'the example task and exported weights in Python',
    of: /(^|\/)(other-task|export|encode|safetensors)\./,
    remedy: 'install Python 3 (apt-get install python3)',
  },
  {
    what: 'event files in TensorBoard',
    of: /(^|\/)tensorboard\/read-back\./,
    remedy: 'pip install tensorboard, and name its Python in TENSORBOARD_PYTHON',
    notInCi: '.ci/run installs it where PyPI can be reached, and runs them again',
  },
  {
    what: 'training on a GPU by WebGPU',
    of: /(^|\/)webgpu\./,
    remedy: 'install the packages of "npm run setup:gpu", and a GPU',
    notInCi: 'the machines of CI have no GPU',
  },
  {
    what: 'the kernels for OpenCL devices',
    of: /(^|\/)(opencl\/\w+|device\/(device-sampler|synth-16k)|sampler\/(distribution|sampler)|speed\/step\/step|sae\/encoding|trainer\/(steps|device-run|ends))\./,
    remedy: 'install a driver, or PoCL in software (apt-get install pocl-opencl-icd ocl-icd-libopencl1)',
    notInCi: '.ci/run installs PoCL where the distribution has it',
  },
  {
    what: 'the PTX as the build of its sources',
    of: /(^|\/)build-ptx\./,
    remedy: 'install clang and libclc (apt-get install clang-16 libclc-16)',
    notInCi: '.ci/run installs them where the distribution has them',
  },
  {
    what: 'the kernels in C as the build of their sources',
    of: /(^|\/)native\/build\./,
    remedy: 'install clang and a linker (apt-get install clang-16 binutils)',
    notInCi: '.ci/run installs them where the distribution has them',
  },
  {
    what: 'the kernels in C',
    of: /(^|\/)(native|compare-rows|among)\./,
    remedy: 'run it on Linux on x64, on a processor with AVX2 and AVX-512, with the package koffi',
    notInCi: 'not every machine of CI has such a processor',
  },
  {
    what: 'the prefilter of selections',
    of: /(^|\/)(prefilter|select-prefiltered)\./,
    remedy: 'run it on Linux on x64, on a processor with AVX-512 VNNI, with the package koffi',
    notInCi: 'not every machine of CI has such a processor',
  },
  {
    what: 'products by AMX',
    of: /(^|\/)amx\./,
    remedy: 'run it on Linux 5.16 or later, on an Intel Xeon with AMX, with the package koffi',
    notInCi: 'not every machine of CI has such a processor',
  },
  {
    what: 'the kernels by the CUDA driver, on a stand-in of it',
    of: /(^|\/)(cuda\/[\w/-]+|trainer\/cuda[\w-]*|cuda-sampler|full-memory)\./,
    remedy:
      'install a C compiler and PoCL (apt-get install gcc libc6-dev pocl-opencl-icd ocl-icd-libopencl1)',
    notInCi: '.ci/run installs both where the distribution has them',
  },
  {
    what: 'certificates of your own',
    of: /(^|\/)(network|certificates|proxies)\./,
    remedy: 'install openssl (apt-get install openssl)',
  },
  {
    what: 'the offer on a terminal',
    of: /(^|\/)(offer|terminal|contract\/output)\./,
    remedy: 'install script (apt-get install bsdutils)',
  },
  {
    what: 'runs as jobs of Slurm',
    of: /(^|\/)test\/slurm\//,
    remedy: 'install Slurm (apt-get install slurm-wlm munge)',
  },
  {
    what: 'training here and in SAELens',
    of: /(^|\/)test\/saelens\/training\./,
    remedy: 'npm run test:saelens -- --train',
    notInCi: 'it takes a quarter of an hour; .ci/full has it',
  },
  {
    what: 'SAELens itself',
    of: /(^|\/)(saelens\/saelens|test\/saelens\/\w+|speed\/peer\/peer)\./,
    remedy:
      'npm run test:saelens, which installs it (for what it has, pip download --no-deps sae-lens is enough)',
    notInCi: 'it brings PyTorch, some gigabytes; a job of its own has it in CI',
  },
];

const needOf = (skipped: string) => NEEDS.find(({ of }) => of.test(skipped)) ?? null;
const fileOf = (skipped: string) => skipped.replace(/: .*$/s, '');

/**
 * The last lines of a run of the tests: what was not tested here, and what to install for it. `skipped`:
 * file, or `file: reason`.
 */
export function untested(skipped: readonly string[]): string[] {
  if (skipped.length === 0) return [];
  const lines = NEEDS.flatMap((need) => {
    const count = skipped.filter((one) => needOf(one) === need).length;
    return count > 0 ? [`  ${need.what} (${count}): ${need.remedy}`] : [];
  });
  const others = skipped.filter((one) => needOf(one) === null).map(fileOf);
  if (others.length > 0) lines.push(`  tests of ${[...new Set(others)].join(', ')} (${others.length})`);
  return [`Not tested here (${skipped.length} skipped):`, ...lines];
}

/** The files of the skipped tests that CI may not skip. */
export function notToBeSkipped(skipped: readonly string[]): string[] {
  return [...new Set(skipped.filter((one) => !needOf(one)?.notInCi).map(fileOf))];
}

/** Vitest's reporter for these lines; it comes after the one that tells everything else. */
export default class Skips implements Reporter {
  #chosen = false;

  onInit(vitest: Pick<Vitest, 'config'>): void {
    this.#chosen = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // With -t the others are skipped because nobody asked for them: nothing is missing here.
    if (this.#chosen) return;
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests()]
        .map((test: TestCase) => test.result())
        .filter((result) => result.state === 'skipped')
        .map(({ note }) => module.relativeModuleId + (note ? `: ${note}` : '')),
    );
    const lines = untested(skipped);
    if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`);
    const wrong = process.env.CI ? notToBeSkipped(skipped) : [];
    if (wrong.length === 0) return;
    process.stdout.write(`\nSkipped in CI without a reason in test/skips.ts: ${wrong.join(', ')}\n`);
    process.exitCode = 1;
  }
}
