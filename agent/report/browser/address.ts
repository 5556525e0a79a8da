import { plainView, type View } from '../notebook/list.ts';

/** The view as the part of an address after `#`. What is as at first is left out. */
export function hashOf(view: View): string {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(view) as [keyof View, View[keyof View]][]) {
    const said = wordOf(value);
    if (said !== wordOf(plainView[key])) words.set(key, said);
  }
  return words.toString();
}

const wordOf = (value: View[keyof View]): string =>
  Array.isArray(value) ? value.join(',') : value === null ? '' : String(value);

/** The view that an address asks for. Anybody may write an address: what is not understood is left out. */
export function viewOf(hash: string): View {
  const words = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (key: string): number | null => {
    const value = words.get(key);
    return value === null || value.trim() === '' || !Number.isFinite(Number(value)) ? null : Number(value);
  };
  const list = (key: string) => (words.get(key) ?? '').split(',').filter(Boolean);
  return {
    rows: words.get('rows') === 'runs' ? 'runs' : 'sprints',
    text: words.get('text') ?? '',
    outcome: words.get('outcome') ?? '',
    value: number('value'),
    usd: number('usd'),
    sort: words.get('sort') ?? plainView.sort,
    down: words.get('down') !== 'false',
    ticked: list('ticked'),
    comparing: words.get('comparing') === 'true',
    open: list('open'),
    all: words.get('all') === 'true',
  };
}
