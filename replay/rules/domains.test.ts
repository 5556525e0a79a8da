import { expect, it } from 'vitest';
import { bad, verdict, WEB } from '../fixtures/serve.ts';

it('refuses domains that would never match', async () => {
  const blocked = (...blocked_domains: string[]) => verdict({ tools: [{ ...WEB, blocked_domains }] });
  expect(await blocked('example.org', 'docs.example.org')).toBeNull();
  expect(await blocked('example.org', 'example.org/blog')).toBe(
    bad("tools.0.blocked_domains.1: 'example.org/blog' is not a domain: an entry with a path never matches"),
  );
  expect(await blocked('https://example.org')).toContain(bad('tools.0.blocked_domains.0: '));
  const both = { ...WEB, blocked_domains: ['a.org'], allowed_domains: ['b.org'] };
  expect(await verdict({ tools: [both] })).toContain(bad('tools.0: only one of'));
});
