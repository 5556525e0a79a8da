import { readFileSync } from 'node:fs';
import { extname, relative, resolve } from 'node:path';
import { build, type Loader, type Metafile, transform } from 'esbuild';
import { UserError } from '#contract/errors';
import { ownFiles, tsconfigRaw } from './own-files.ts';

/** Modules that import one another, by paths within the repository; those of a tree begin with `sae/`. */
export class Modules {
  private constructor(
    private readonly inputs: Metafile['inputs'],
    /** The path of a module for people and digests, by its key in `inputs`. */
    private readonly names: ReadonlyMap<string, string>,
    private readonly treeDir: string,
  ) {}

  /**
   * Follows the imports of these files, of the tree or the repository, without running them.
   * @throws UserError where an import leads nowhere
   */
  static async of(at: { repo: string; treeDir: string }, entries: readonly string[]): Promise<Modules> {
    const { repo, treeDir } = at;
    const { metafile } = await build({
      // One output: of each entry by itself, all that it loads would be printed again.
      stdin: {
        contents: entries.map((path) => `import ${JSON.stringify(path)};`).join('\n'),
        resolveDir: treeDir,
      },
      absWorkingDir: treeDir,
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'silent',
      tsconfigRaw,
      plugins: [ownFiles(at)],
    }).catch((error: { errors?: { text: string; location: { file: string } | null }[] }) => {
      const [first] = error.errors ?? [];
      throw new UserError(first ? `${first.location?.file ?? '?'}: ${first.text}` : String(error));
    });
    const nameOf = (key: string) => {
      const path = resolve(treeDir, key);
      const inTree = relative(treeDir, path);
      return inTree.startsWith('..') ? relative(repo, path) : inTree;
    };
    const keys = Object.keys(metafile.inputs).filter((key) => key !== '<stdin>');
    return new Modules(metafile.inputs, new Map(keys.map((key) => [key, nameOf(key)])), treeDir);
  }

  /** The modules that these files load, themselves among them. */
  reach(entries: readonly string[]): Set<string> {
    const wanted = new Set(entries);
    const left = [...this.names].filter(([, name]) => wanted.has(name)).map(([key]) => key);
    const found = new Set(left);
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      for (const { path } of this.inputs[key].imports) {
        // A pattern of names (`./backends/*.ts`) has its modules among the inputs, and no edge to them.
        const to = path.includes('*') ? this.matching(key, path) : path in this.inputs ? [path] : [];
        for (const next of to) if (!found.has(next)) left.push(next);
        for (const next of to) found.add(next);
      }
    }
    return new Set([...found].map((key) => this.names.get(key) as string));
  }

  /** The absolute paths of all modules. */
  paths(): string[] {
    return [...this.names.keys()].map((key) => resolve(this.treeDir, key));
  }

  /** The names of all packages and of Node's modules that are imported. */
  packages(): string[] {
    return this.packagesOf(new Set(this.names.values()));
  }

  private matching(from: string, pattern: string): string[] {
    const [before] = resolve(this.treeDir, from, '..', pattern).split('*');
    return Object.keys(this.inputs).filter((key) => resolve(this.treeDir, key).startsWith(before));
  }

  /** The names of packages and of Node's modules that these modules import. */
  packagesOf(modules: ReadonlySet<string>): string[] {
    return this.importsOf(modules, true);
  }

  /** Which of these modules import `module`. */
  importersOf(module: string, among: ReadonlySet<string>): string[] {
    return [...among].filter((name) =>
      this.importsOf(new Set([name]), false).some((path) => this.names.get(path) === module),
    );
  }

  private importsOf(modules: ReadonlySet<string>, external: boolean): string[] {
    const all = [...this.names]
      .filter(([, name]) => modules.has(name))
      .flatMap(([key]) => this.inputs[key].imports.filter((each) => (each.external ?? false) === external));
    return [...new Set(all.map(({ path }) => path))].filter((path) => !path.includes('*')).sort();
  }
}

const loaders: Record<string, Loader> = { '.ts': 'ts', '.mts': 'ts', '.js': 'js', '.mjs': 'js' };

/** A file as it counts: code without comments, blank lines and types; any other file as it is. */
export async function reduced(path: string): Promise<string> {
  const loader = loaders[extname(path)];
  if (!loader) return readFileSync(path, 'base64');
  const text = readFileSync(path, 'utf8');
  const { code } = await transform(text, { loader, minifyWhitespace: true, legalComments: 'none' });
  return code;
}
