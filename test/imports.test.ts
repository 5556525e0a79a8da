import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTask } from '#contract/task';
import { importGraph, imports, root, ships, sources, target } from './import-graph.ts';

/** What each top folder may import. docs/architecture.md, "Imports". */
const allowed: Record<string, RegExp> = {
  agent: /^(agent|contract|host)\//,
  bench: /^(bench|contract|host|engine)\//,
  contract: /^contract\//,
  engine: /^(engine|contract)\//,
  host: /^(host|contract)\//,
  // A task has its own commands and imports nothing of the loop; only its tests look at what the loop made of
  // it.
  examples: /^examples\//,
  replay: /^(replay|contract)\//,
  // No folder imports speed/: it measures the others.
  speed: /^(speed|bench|contract|host|engine)\//,
  sae: /^(sae|contract|engine)\/|^bench\/stream\/reader(\.ts)?$/,
};

/** Where a folder's commands may import more: they are not run where the folder's other files are. */
const MORE: Record<string, RegExp> = { 'engine/cli/': /^host\/network\// };

/**
 * Words of the field of the task that ships with the loop. Another task needs another TASK.md, but the same
 * supervisor.
 */
const WORDS =
  /\b(saes?|saelens|synthsae\w*|autoencoders?|latents?|activations?|\w*topk|matryoshka|lista|f1|mcc|l0)\b/i;

it('the supervisor speaks of no task: what a task needs to say stands in its TASK.md', () => {
  const files = readdirSync(join(root, 'agent'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(m?[jt]s|json|typ|css)$/.test(name))
    .filter((name) => !name.endsWith('.test.ts') && !/(^|\/)fixtures\//.test(name));
  expect(files.length).toBeGreaterThan(50);
  const said = files.flatMap((file) =>
    readFileSync(join(root, 'agent', file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (WORDS.test(line) ? [`agent/${file}:${index + 1}: ${line.trim()}`] : [])),
  );
  expect(said).toEqual([]);
});

const more = (file: string): RegExp[] =>
  Object.entries(MORE).flatMap(([start, also]) => (file.startsWith(start) ? [also] : []));

describe.each(Object.keys(allowed))('%s/', (folder) => {
  // A test may import more to set up its scene.
  const files = sources(folder).filter(ships);

  it('imports only what it may', () => {
    expect(files.length).toBeGreaterThan(0);
    const crossings = files.flatMap((file) =>
      imports(file)
        .map((specifier) => target(file, specifier))
        .filter(
          (path): path is string =>
            path !== null && !allowed[folder]?.test(path) && !more(file).some((also) => also.test(path)),
        )
        .map((path) => `${file} imports ${path}`),
    );
    expect(crossings).toEqual([]);
  });

  if (folder === 'sae') {
    it('starts no process', () => {
      const starters = files.filter((file) =>
        imports(file).some((specifier) => /^(node:)?(child_process|cluster)$|^execa$/.test(specifier)),
      );
      expect(starters).toEqual([]);
    });
  }
});

it.each(['TASK.md', 'examples/activations/TASK.md'])(
  '%s shows a run all that the reader of its rows imports',
  (task) => {
    const reads = readTask(join(root, task)).contract.reads;
    const graph = importGraph(['bench/stream']);
    const needed = new Set(['bench/stream/reader.ts']);
    // A set gives what is added to it while it is walked.
    for (const file of needed) for (const other of graph.get(file) ?? []) needed.add(other);
    expect(needed.size).toBeGreaterThan(1);
    expect([...needed].filter((file) => !reads.includes(file))).toEqual([]);
  },
);
