import { expect, it } from 'vitest';
import { text } from '../document/tree.ts';
import { charactersOf, missingScripts } from './coverage.ts';
import { faces, fontFile, signs } from './fonts.ts';

const has = (face = faces[0]) => {
  const inFont = charactersOf(fontFile(face));
  return (letter: string) => inFont(letter.codePointAt(0) ?? 0);
};

it('knows the characters of a font', () => {
  expect([...'aéЖλ'].map(has())).toEqual([true, true, true, true]);
  expect([...'漢ア😀𝔽'].map(has())).toEqual([false, false, false, false]);
  expect([...'∈𝔽'].map(has(signs[0]))).toEqual([true, true]);
  expect(has(signs[1])('😀')).toBe(true);
});

it('counts what is missing by its script', () => {
  const para = (v: string) => ({ t: 'para' as const, c: [text(v)] });
  const inWords = charactersOf(fontFile(faces[0]));
  expect(missingScripts([para('plain é, кириллица')], inWords)).toBeNull();
  expect(missingScripts([para('漢字 and かな')], inWords)).toBe('2 characters of Han, 2 of Hiragana');
  expect(missingScripts([para('a\u200db\ufe0f')], inWords)).toBeNull();
});
