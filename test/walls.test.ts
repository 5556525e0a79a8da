import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What each room may import. docs/architecture.md, "Walls". */
const allowed: Record<string, RegExp> = {
  agent: /^(agent|contract|host)\//,
  bench: /^(bench|contract|host|engine)\//,
  contract: /^contract\//,
  engine: /^(engine|contract)\//,
  host: /^(host|contract)\//,
  // A task brings its own commands; only tests look at what the loop made of it.
  examples: /^examples\//,
  replay: /^(replay|contract)\//,
  sae: /^(sae|contract|engine)\/|^bench\/stream\/reader(\.ts)?$/,
};

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?[jt]s$/.test(name))
    .map((name) => join(folder, name));
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  // Statements at the start of a line: what stands in a template string is not an import of this file.
  const statements = [
    /^import\s+(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm,
    /^export\s[^'"`;=]*?\sfrom\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
  ];
  return statements.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]));
}

/** The file in the repository that an import names, or null for a package. */
function target(file: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return relative(root, normalize(join(root, dirname(file), specifier)));
  return null;
}

/** The field of the task that ships with the loop. Another task is another TASK.md, and no other supervisor. */
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

describe.each(Object.keys(allowed))('the walls of %s/', (room) => {
  // A test may look over a wall to set up its scene; what ships may not.
  const files = sources(room).filter((file) => !file.endsWith('.test.ts') && !file.includes('/fixtures/'));

  it('are not crossed by an import', () => {
    expect(files.length).toBeGreaterThan(0);
    const crossings = files.flatMap((file) =>
      imports(file)
        .map((specifier) => target(file, specifier))
        .filter((path): path is string => path !== null && !allowed[room].test(path))
        .map((path) => `${file} imports ${path}`),
    );
    expect(crossings).toEqual([]);
  });

  if (room === 'sae') {
    it('hold no process: the workspace starts none', () => {
      const starters = files.filter((file) =>
        imports(file).some((specifier) => /^(node:)?(child_process|cluster)$|^execa$/.test(specifier)),
      );
      expect(starters).toEqual([]);
    });
  }
});
