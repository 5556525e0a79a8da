import { describe, expect, it } from 'vitest';
import { kinds } from './kinds.ts';
import { registry } from './registry.ts';

describe('every architecture of SAELens', () => {
  it('is read, or listed as not read', () => {
    const all = Object.keys({ ...registry.inference, ...registry.training });
    const unread = [
      'jumprelu_skip_transcoder',
      'jumprelu_transcoder',
      'skip_transcoder',
      'temporal',
      'transcoder',
    ];
    expect(all.filter((name) => !Object.hasOwn(kinds, name)).sort()).toEqual(unread);
    // Not in SAELens itself.
    expect(Object.keys(kinds).filter((name) => !all.includes(name))).toEqual([
      'lista_matryoshka_decreasingk',
      'lista_matryoshka_decreasingk_batchtopk',
    ]);
    expect(Object.keys(registry.inference)).toContain('abstopk');
  });

  it('has the fields that are read of it', () => {
    for (const [name, { fields, known }] of Object.entries(kinds)) {
      expect(
        Object.keys(fields.shape).filter((field) => !known.includes(field)),
        name,
      ).toEqual([]);
    }
  });
});
