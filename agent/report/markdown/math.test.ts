import { describe, expect, it } from 'vitest';
import { writePdf } from '../write/pdf.ts';
import { formula } from './math.ts';

const formulas = [
  'k(t)=\\begin{cases}k_0+(k-k_0)\\frac{t}{\\tau}&t<\\tau\\\\k&t\\ge\\tau\\end{cases}',
  '\\mathcal{L}=\\sum_{m\\in\\mathcal{M}}\\left\\|x-\\hat{x}_{1:m}\\right\\|_2^2+\\lambda_{\\mathrm{aux}}',
  '\\text{F1}=\\frac{2PR}{P+R}',
  '\\sqrt[3]{a+b}',
  '\\overline{x}\\,\\underline{y}\\,\\vec{z}\\,\\tilde{w}',
  '\\mathbb{R}^{n\\times d}\\ni\\mathbf{W}',
  '\\begin{aligned}a&=b\\\\c&=d\\end{aligned}',
  '\\arg\\min_x \\log p(x)',
  '\\binom{n}{k}',
  "f'(x)\\to\\infty",
  '\\begin{pmatrix}1&0\\\\0&1\\end{pmatrix}',
  '3\\times10^{-4}',
  '\\underbrace{a+b}_{\\text{rec}}+\\overbrace{c}^{n}',
  '\\boxed{x=1}+\\cancel{y}+\\phantom{z}',
  '\\begin{eqnarray}a&=&b\\\\c&=&d\\end{eqnarray}',
  '\\mathbbm{1}[x>0]+\\E[x]',
  '\\sum_{\\substack{i<j\\\\k}}x',
];

describe('formulas', () => {
  it.each(formulas)('%s is MathML for HTML and compiles for the PDF', (tex) => {
    const { mathml, walk } = formula(tex, true);
    expect(mathml).toMatch(/^<math.*<\/math>$/s);
    expect(walk).not.toBeNull();
  });

  it('sets all of them in one PDF without trouble', () => {
    const blocks = formulas.map((tex) => ({ t: 'equation' as const, ...formula(tex, true) }));
    const pdf = writePdf({ title: 't', left: '', right: '', foot: '', date: '2026-01-01T00:00:00Z', blocks });
    expect(pdf.trouble).toBeNull();
  });

  it('shows an unknown command by its name, and the rest as a formula', () => {
    const { mathml, walk } = formula('\\frac{a}{b} + \\foo{x}', true);
    expect(mathml).toContain('<mfrac>');
    expect(mathml).toContain('>\\foo</mtext>');
    expect(JSON.stringify(walk)).toContain('"m":"frac"');
    expect(JSON.stringify(walk)).toContain('{"m":"text","v":"\\\\foo"}');
  });

  it('reads a name of code with two underscores as one with an index', () => {
    expect(formula('k_aux_loss', false).mathml).toContain('<mtext>aux_loss</mtext>');
    expect(formula('x_a_b', false).mathml).toContain('<mtext>a_b</mtext>');
    expect(formula('\\lambda_a a_i b_j', false).mathml).not.toContain('<mtext>');
    expect(formula('\\text{dec_norm_scale}', false).mathml).toContain('<mtext>dec_norm_scale</mtext>');
    expect(formula('n_1n_2', false).mathml.match(/<msub>/g)).toHaveLength(2);
  });

  it('sets lines of equations without the room for their numbers, and with their tags', () => {
    const { walk } = formula('\\begin{align}a&=b\\\\c&=d\\tag{7}\\end{align}', true);
    expect(JSON.stringify(walk)).toMatch(/"m":"table".*\(7\)/);
    const { rows } = (walk as { c: { rows: unknown[][] }[] }).c[0];
    expect(rows.map((row) => row.length)).toEqual([2, 2]);
  });

  it('keeps names with underscores and shares', () => {
    expect(formula('\\text{dec_norm} \\le 95%', false).mathml).toMatch(/dec_norm.*95.*%/);
  });

  it('shows as code what cannot be read: errors, size, tricks', () => {
    for (const tex of ['\\bad{', `${'x+'.repeat(2000)}x`, '\\def\\a{\\a\\a}\\a', '']) {
      expect(formula(tex, false), tex.slice(0, 20)).toMatchObject({ mathml: '', walk: null });
    }
    expect(formula('\\href{javascript:alert(1)}{x}', false).mathml).not.toContain('javascript');
  });
});
