import { describe, expect, it } from 'vitest';
import { kinds } from './kinds.ts';
import { registry } from './registry.ts';

describe('what SAELens has', () => {
  it('is read here, or known not to be', () => {
    const all = Object.keys({ ...registry.inference, ...registry.training });
    const unread = [
      'jumprelu_skip_transcoder',
      'jumprelu_transcoder',
      'skip_transcoder',
      'temporal',
      'transcoder',
    ];
    expect(all.filter((name) => !Object.hasOwn(kinds, name)).sort()).toEqual(unread);
    // Those that are none of its own.
    expect(Object.keys(kinds).filter((name) => !all.includes(name))).toEqual([
      'lista_matryoshka_decreasingk',
      'lista_matryoshka_decreasingk_batchtopk',
    ]);
    expect(Object.keys(registry.inference)).toContain('abstopk');
  });

  it('gives every encoder the fields that are read of it', () => {
    for (const [name, { fields, known }] of Object.entries(kinds)) {
      expect(
        Object.keys(fields.shape).filter((field) => !known.includes(field)),
        name,
      ).toEqual([]);
    }
  });
});
