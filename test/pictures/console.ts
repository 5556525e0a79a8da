import { writeFileSync } from 'node:fs';
import { escaped } from '#agent/report/document/escaped';
import { fontFile } from '#agent/report/write/fonts';
import { type Span, screenOf } from './terminal.ts';

const MONO = '@expo-google-fonts/jetbrains-mono';
const weights = { 400: '400Regular', 700: '700Bold' } as const;

/** Writes a page that shows a terminal. */
export function writeTerminal(file: string, written: string, columns: number, rows: number): void {
  const fonts = Object.entries(weights).map(([weight, name]) => {
    const face = { family: 'Mono', weight: 400 as const, style: 'normal' as const };
    const bytes = fontFile({ ...face, file: `${MONO}/${name}/JetBrainsMono_${name}.ttf` });
    return `@font-face{font-family:Mono;font-weight:${weight};src:url(data:font/ttf;base64,${bytes.toString('base64')})}`;
  });
  const lines = screenOf(written, columns, rows).map((spans) => spans.map(html).join(''));
  writeFileSync(
    file,
    `<!DOCTYPE html><meta charset="utf-8"><style>${fonts.join('')}
body { margin: 0; background: #14181f; }
pre { display: inline-block; width: ${columns}ch; margin: 0; padding: 18px 22px; color: #e6e9ee; font: 15px/1.4 Mono; font-variant-ligatures: none; }
i { color: #8f98a8; font-style: normal; }
</style><pre>${lines.join('\n')}</pre>`,
  );
}

function html({ text, bold, dim }: Span): string {
  const plain = dim ? `<i>${escaped(text)}</i>` : escaped(text);
  return bold ? `<b>${plain}</b>` : plain;
}
