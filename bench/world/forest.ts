import { z } from 'zod';
import { UserError } from '#contract/errors';
import type { HierarchyConfig } from './config.ts';
import type { TorchGenerator } from './torch-rng.ts';

/**
 * A node of `hierarchy.json`. A node without feature is organisational: it groups its children and never
 * fires.
 */
export interface ForestNode {
  feature_index: number | null;
  mutually_exclusive_children: boolean;
  scale_children_by_parent: boolean;
  feature_id: string | null;
  children: ForestNode[];
}

export interface Forest {
  roots: ForestNode[];
}

export const NO_FOREST: Forest = { roots: [] };

/** A feature-bearing node and where it hangs. `ancestor` is the nearest feature above it, or null. */
export interface Placement {
  node: ForestNode;
  parent: ForestNode | null;
  ancestor: number | null;
  depth: number;
}

/**
 * Numbers a forest breadth first: roots, then level by level and parent by parent, until the features run
 * out; features left over are flat. Every node whose depth is less than max_depth gets `branching_factor`
 * children. `portion` of the nodes with two or more children get exclusive ones; where it is not 0 or 1,
 * `random` chooses them.
 */
export function generateForest(config: HierarchyConfig, numFeatures: number, random: TorchGenerator): Forest {
  const branching = (): number => {
    if (typeof config.branching_factor === 'number') return config.branching_factor;
    const [low, high] = config.branching_factor;
    return low + (random.next32() % (high - low + 1));
  };
  let next = 0;
  const grow = (count: number, depth: number): ForestNode[] =>
    Array.from({ length: Math.min(count, numFeatures - next) }, () => ({
      feature_index: next++,
      mutually_exclusive_children: false,
      scale_children_by_parent: config.scale_children_by_parent && depth < config.max_depth,
      feature_id: null,
      children: [],
    }));
  const roots = grow(config.total_root_nodes, 0);
  const candidates: ForestNode[] = [];
  let level = roots;
  for (let depth = 0; depth < config.max_depth && level.length > 0; depth++) {
    for (const node of level) node.children = grow(branching(), depth + 1);
    const last = config.mutually_exclusive_max_depth ?? Number.POSITIVE_INFINITY;
    if (depth >= config.mutually_exclusive_min_depth && depth <= last) {
      candidates.push(...level.filter((node) => node.children.length >= 2));
    }
    level = level.flatMap((node) => node.children);
  }
  const chosen = Math.floor(candidates.length * config.mutually_exclusive_portion);
  for (let i = 0; i < chosen; i++) {
    // Fisher-Yates; where all candidates are chosen, it only reorders them.
    const j = i + (random.next32() % (candidates.length - i));
    [candidates[i], candidates[j]] = [candidates[j], candidates[i]];
    candidates[i].mutually_exclusive_children = true;
  }
  return { roots };
}

/** Every feature-bearing node in depth-first order. */
export function placements(forest: Forest): Placement[] {
  const out: Placement[] = [];
  const visit = (
    node: ForestNode,
    parent: ForestNode | null,
    ancestor: number | null,
    depth: number,
  ): void => {
    if (node.feature_index !== null) out.push({ node, parent, ancestor, depth });
    for (const child of node.children) visit(child, node, node.feature_index ?? ancestor, depth + 1);
  };
  for (const root of forest.roots) visit(root, null, null, 0);
  return out;
}

const NodeFile: z.ZodType<ForestNode> = z.lazy(() =>
  z.strictObject({
    feature_index: z.number().int().nonnegative().nullable(),
    mutually_exclusive_children: z.boolean(),
    scale_children_by_parent: z.boolean().default(false),
    feature_id: z.string().nullable().default(null),
    children: z.array(NodeFile).default([]),
  }),
);
const ForestFile = z.strictObject({ roots: z.array(NodeFile) });

/** Limit on the levels of a forest. A deeper one is a mistake or a cycle, and would overflow the stack. */
const MAX_LEVELS = 256;

function tooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= MAX_LEVELS; depth++) {
    // A set, so that a node that occurs in two places does not double the work at every level.
    level = [
      ...new Set(
        level.flatMap((node) => {
          const { roots, children } = (node ?? {}) as { roots?: unknown; children?: unknown };
          return [roots, children].filter(Array.isArray).flat();
        }),
      ),
    ];
    if (level.length === 0) return false;
  }
  return true;
}

/**
 * Checks a forest read from `where`. @throws UserError naming the node that is wrong, duplicate or out of
 * range.
 */
export function parseForest(value: unknown, numFeatures: number, where: string): Forest {
  if (tooDeep(value))
    throw new UserError(`${where}: children: a cycle, or more than ${MAX_LEVELS} levels of nodes`);
  const parsed = ForestFile.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${where}: ${issue.path.join('.') || 'hierarchy'}: ${issue.message}`);
  }
  const seen = new Set<number>();
  for (const { node } of placements(parsed.data)) {
    const index = node.feature_index as number;
    if (index >= numFeatures)
      throw new UserError(`${where}: feature_index ${index} in a world of ${numFeatures} features`);
    if (seen.has(index)) throw new UserError(`${where}: feature_index ${index} stands in two nodes`);
    seen.add(index);
  }
  return parsed.data;
}

/** `hierarchy.json` as the reference writes it: two spaces, no final newline. */
export function forestText(forest: Forest): string {
  const ordered = (node: ForestNode): ForestNode => ({
    feature_index: node.feature_index,
    mutually_exclusive_children: node.mutually_exclusive_children,
    scale_children_by_parent: node.scale_children_by_parent,
    feature_id: node.feature_id,
    children: node.children.map(ordered),
  });
  return JSON.stringify({ roots: forest.roots.map(ordered) }, null, 2);
}
