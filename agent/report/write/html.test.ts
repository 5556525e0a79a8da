import { expect, it } from 'vitest';
import { composeReport } from '../compose/report.ts';
import { readSource } from '../compose/source.ts';
import { folderOf, lista, profile, sprints, task } from '../fixtures/load.ts';
import { writeHtml } from './html.ts';
import { mathCharacters } from './math-characters.ts';

const hostile = `# x

<script>alert(1)</script>

<img src=x onerror=alert(1)> <svg onload=alert(1)> <iframe src="https://evil.example"></iframe>

[a](javascript:alert(1)) [b](java&#115;cript:alert(1)) ![c](https://evil.example/pixel.png) ![d](data:text/html,x)

| <b onclick=alert(1)>h</b> |
| --- |
| <script>alert(2)</script> |

\`\`\`vega-lite
{"data": {"values": [{"a": "</svg><script>alert(3)</script>"}]}, "mark": "text", "encoding": {"text": {"field": "a"}}}
\`\`\`

<hr class="figure-0" />

$\\href{javascript:alert(4)}{x}$ $\\text{</math><script>alert(5)</script>}$
`;

async function render(readme: string) {
  const sprint = { ...lista, title: '"><script>alert(6)</script>', summary: '<script>alert(7)</script>' };
  const source = { ...readSource(folderOf(lista.id)), sprint, readme };
  return writeHtml(await composeReport(source, sprints, task, profile));
}

it('carries nothing that runs or is fetched, whatever the researcher wrote', async () => {
  const html = await render(hostile);
  const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
  expect(
    tags.filter((tag) => /^<(script|iframe|object|embed|link|base|form|foreignObject)/i.test(tag)),
  ).toEqual([]);
  expect(tags.filter((tag) => /\son\w+\s*=/i.test(tag))).toEqual([]);
  expect(tags.filter((tag) => /(href|src)\s*=\s*["']?\s*(javascript|data:text|vbscript)/i.test(tag))).toEqual(
    [],
  );
  expect(tags.filter((tag) => /\ssrc="(?!data:image)/i.test(tag))).toEqual([]);
  expect(html).not.toContain('evil.example/pixel.png"');
  expect(html).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:");
  expect(html).toContain('&lt;script&gt;alert(1)');
});

it('is one file with its own fonts, small enough to commit every sprint', async () => {
  const html = await render('## Idea\n\nplain');
  expect(html.length).toBeLessThan(300_000);
  expect(html.match(/@font-face/g)?.length).toBeGreaterThanOrEqual(5);
  expect(html.match(/<svg /g)?.length).toBeGreaterThanOrEqual(6);
});

it('draws a plot in a list, a quote and in details, too', async () => {
  const spec = '{"data": {"values": [{"a": 1}]}, "mark": "point", "encoding": {"x": {"field": "a"}}}';
  const fence = (indent: string) => ['```vega-lite', spec, '```'].map((line) => indent + line).join('\n');
  const plots = (html: string) => html.match(/<figure><div class="panels"[^>]*><svg /g)?.length;
  const plain = await render('plain');
  const html = await render(
    `- item\n\n${fence('  ')}\n\n${fence('> ')}\n\n<details>\n\n${fence('')}\n\n</details>`,
  );
  expect(plots(html)).toBe((plots(plain) ?? 0) + 3);
  expect(html).not.toContain('&lt;svg');
});

it('has the plots of one panel in two forms, of which the style shows one', async () => {
  const html = await render('plain');
  const forms = [...html.matchAll(/<div class="(panels[^"]*)"[^>]*aria-label="([^"]*)"/g)];
  expect(forms.map(([, name, alt]) => [alt, name])).toEqual([
    ['Differences to the best before', 'panels wide'],
    ['Differences to the best before', 'panels phone'],
    ['Training curves', 'panels'],
    ['Metrics against L0', 'panels'],
    ['Progress over sprints', 'panels wide'],
    ['Progress over sprints', 'panels phone'],
  ]);
  const [wide, narrow] = html.split('@media (max-width: 620px)');
  expect(wide).toMatch(/\.panels\.phone\s*{\s*display:\s*none/);
  expect(narrow).toMatch(/\.panels\.wide\s*{\s*display:\s*none/);
  expect(narrow).toMatch(/\.panels\.phone\s*{\s*display:\s*grid/);
});

it('keeps formulas, tables and pictures of a friendly one', async () => {
  const html = await writeHtml(await composeReport(readSource(folderOf(lista.id)), sprints, task, profile));
  expect(html).toMatch(/<math[ >].*<mi>/s);
  expect(html).toContain('src="data:image/png;base64,');
  expect(html).toContain('<a href="https://icml.cc/');
  expect(html).toContain('class="k-keyword"');
});

it('sets prose in the fonts that it carries, signs and emoji among them', async () => {
  const html = await render('## Idea\n\nnorms → 0 🔍');
  const body = html.match(/\bbody\s*{[^}]*}/)?.[0];
  for (const family of ['Source Sans 3', 'Noto Sans Math', 'Noto Emoji']) {
    expect(html).toContain(`@font-face{font-family:"${family}"`);
    expect(body).toContain(`"${family}"`);
  }
});

it('carries no font that has none of its characters, which a browser would refuse', async () => {
  const html = await render('## Idea\n\nnorms → 0');
  expect(html).toContain('@font-face{font-family:"Noto Sans Math"');
  expect(html).not.toContain('@font-face{font-family:"Noto Emoji"');
});

it('carries the font of its formulas, and none where it has no formula', async () => {
  const font = '@font-face{font-family:"Formulas"';
  expect(await render('## Idea\n\nthe norm $\\sqrt{h}$')).toContain(font);
  expect(await render('## Idea\n\nplain')).not.toContain(font);
  const needed = mathCharacters('<math><mi>h</mi><mi>x</mi><mi>θ</mi></math> y');
  for (const letter of ['h', 'ℎ', '𝑥', '𝜃', '√']) expect(needed, letter).toContain(letter.codePointAt(0));
  expect(needed).not.toContain('y'.codePointAt(0));
});

it('keeps the plots on a narrow screen and all of a diff on paper', async () => {
  const html = await render('## Idea\n\nplain');
  // In a flex column an svg without a height of its own collapses.
  expect(html).toMatch(/\.panels\s*{\s*display:\s*grid/);
  expect(html).toMatch(/@media \(max-width: 620px\)\s*{[^@]*\.panels\s*{\s*grid-auto-flow:\s*row/);
  expect(html).toMatch(/@media print\s*{[^@]*pre\.diff span\s*{[^}]*white-space:\s*pre-wrap/);
});
