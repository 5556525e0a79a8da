import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** What tests need that npm does not bring, by the files that skip without it. */
const NEEDS = [
  {
    what: 'the sandbox',
    files:
      /^(host\/bubblewrap|host\/by-hand|agent\/sandbox|agent\/cli\/confined|sae\/check\/types)\.test\.ts$/,
    install: 'bubblewrap (apt-get install bubblewrap), where user namespaces are allowed',
  },
  {
    what: 'OpenBLAS in the engine',
    files: /^engine\/embedded\/blas/,
    install: 'OpenBLAS (apt-get install libopenblas0-pthread)',
  },
  {
    what: 'the example task and exported weights in Python',
    files: /^(examples\/|sae\/export|sae\/encode|contract\/safetensors)/,
    install: 'Python 3 (apt-get install python3)',
  },
  {
    what: 'training on a GPU by WebGPU',
    files: /^engine\/webgpu\//,
    install: 'the packages of "npm run setup:gpu", and a GPU',
  },
  {
    what: 'certificates of your own',
    files: /^(agent\/researcher\/connect\/certificates|host\/network\/|bench\/hub\/proxies)/,
    install: 'openssl (apt-get install openssl)',
  },
  {
    what: 'the offer on a terminal',
    files: /^(agent\/cli\/offer|contract\/output)/,
    install: 'script (apt-get install bsdutils)',
  },
  {
    what: "SAELens' own reading of our files",
    files: /saelens/i,
    install:
      'SAELens in a Python environment (pip install sae-lens; for what it has, pip download --no-deps sae-lens)',
  },
];

/** The last lines of a run of the tests: what was not tested here, and what to install for it. */
export function untested(skipped: readonly string[]): string[] {
  if (skipped.length === 0) return [];
  const needOf = (file: string) => NEEDS.find(({ files }) => files.test(file)) ?? null;
  const lines = NEEDS.flatMap((need) => {
    const count = skipped.filter((file) => needOf(file) === need).length;
    return count > 0 ? [`  ${need.what} (${count}): install ${need.install}`] : [];
  });
  const others = skipped.filter((file) => needOf(file) === null);
  if (others.length > 0) lines.push(`  tests of ${[...new Set(others)].join(', ')} (${others.length})`);
  return [`Not tested here (${skipped.length} skipped):`, ...lines];
}

/** Vitest's reporter for these lines; it comes after the one that tells everything else. */
export default class Skips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests()]
        .filter((test: TestCase) => test.result().state === 'skipped')
        .map(() => module.relativeModuleId),
    );
    const lines = untested(skipped);
    if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}
