/**
 * Turns front matter (YAML between `---`, TOML between `+++`) into a fence. Markdown would read its last line
 * as the underline of a heading.
 */
export function fenceFrontMatter(source: string): string {
  const [whole, mark, body] = /^\s*(---|\+\+\+)[ \t]*\n([\s\S]*?)\n\1[ \t]*(?:\n|$)/.exec(source) ?? [];
  if (whole === undefined || body === undefined) return source;
  // A rule at the top, and one further down, are not front matter.
  const fields = body.split('\n').every((line) => /^\s*$|^\s*#|^\s*-\s|^\s+\S|^[\w"'. -]+\s*[:=]/.test(line));
  if (!fields || body.length > 5000) return source;
  return `\`\`\`${mark === '---' ? 'yaml' : 'toml'}\n${body}\n\`\`\`\n${source.slice(whole.length)}`;
}
