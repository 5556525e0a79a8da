import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const css = readFileSync(new URL('./style.css', import.meta.url), 'utf8');
const roots = [...css.matchAll(/:root\s*{([^}]*)}/g)].map(([, body]) => body);
const coloursOf = (body: string) => [...body.matchAll(/(--[\w-]+):\s*#/g)].map(([, name]) => name);

it('has every colour twice, for a light page and for a dark one', () => {
  const [light, dark] = roots.map(coloursOf);
  // The first card has white text on dark blue in both schemes.
  expect(dark.toSorted()).toEqual(light.filter((name) => name !== '--main').toSorted());
  const rules = css.replaceAll(/:root\s*{[^}]*}/g, '');
  const fixed = [...rules.matchAll(/([^{}]*){[^{}]*#[0-9a-f]{3,6}[^{}]*}/g)].map(([, selector]) =>
    selector.replaceAll(/\/\*.*?\*\//gs, '').trim(),
  );
  expect(fixed).toEqual(['.card.main', '.card.main small', 'figure > img']);
});
