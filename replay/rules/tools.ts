import { blocksOf, type Rule } from './rule.ts';

/**
 * Each call of the client's tools is answered in the next message, results first, and each result has its
 * call.
 */
export const toolPairs: Rule = ({ request }) => {
  const seen = new Set<unknown>();
  let asked: unknown[] = [];
  for (const [i, { role, content }] of request.messages.entries()) {
    const path = `messages.${i}`;
    const blocks = blocksOf(content);
    const results = blocks.filter(({ type }) => type === 'tool_result').map((block) => block.tool_use_id);
    const stray = blocks.find((block) => block.type === 'tool_result' && !asked.includes(block.tool_use_id));
    if (role === 'user' && stray) {
      return {
        path: `${path}.content.${blocks.indexOf(stray)}`,
        message: `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray.tool_use_id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      };
    }
    const twice = results.find((id, at) => results.indexOf(id) !== at);
    if (twice !== undefined) {
      return {
        path,
        message: `each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${twice}`,
      };
    }
    // A result behind other content does not count: results come first.
    const first = blocks.slice(0, results.length).map((block) => block.tool_use_id);
    const open = asked.filter((id) => !(role === 'user' && first.includes(id)));
    if (open.length > 0) return unanswered(i - 1, open);
    asked = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
    const again = blocks.findIndex(({ type, id }) => isUse(type) && (seen.has(id) || !seen.add(id)));
    if (again >= 0) return { path: `${path}.content.${again}`, message: '`tool_use` ids must be unique' };
  }
  return asked.length > 0 ? unanswered(request.messages.length - 1, asked) : null;
};

const isUse = (type: string) => type === 'tool_use' || type === 'server_tool_use';

const unanswered = (i: number, ids: readonly unknown[]) => ({
  path: `messages.${i}`,
  message: `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
});

const NAME = /^[a-zA-Z0-9_-]{1,128}$/;

export const toolNames: Rule = ({ request }) => {
  const names = new Set<string>();
  for (const [i, { name }] of (request.tools ?? []).entries()) {
    if (name === undefined) continue;
    if (!NAME.test(name))
      return { path: `tools.${i}.name`, message: `String should match pattern '${NAME.source}'` };
    if (names.has(name)) return { path: 'tools', message: 'Tool names must be unique.' };
    names.add(name);
  }
  return null;
};
