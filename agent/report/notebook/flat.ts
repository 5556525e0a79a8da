/** Nested values by path; a list of plain values is one value: {"a.b": "1", "sizes": "[4,16]"}. */
export function flat(value: Record<string, unknown>, most = 300): Record<string, string> {
  const out: [string, string][] = [];
  const visit = (path: string, each: unknown): void => {
    if (out.length >= most) return;
    const inner = typeof each === 'object' && each !== null ? Object.entries(each) : [];
    const nested = inner.some(([, one]) => typeof one === 'object' && one !== null);
    if (inner.length > 0 && (nested || !Array.isArray(each)))
      for (const [key, one] of inner) visit(path === '' ? key : `${path}.${key}`, one);
    else if (path !== '') out.push([path, said(each)]);
  };
  visit('', value);
  return Object.fromEntries(out);
}

const said = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
