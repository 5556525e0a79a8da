import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PDF_TOKENS, SEARCH_TOKENS } from './web.ts';
import { likelyTokens, mostTokens } from './weigh.ts';

it('takes a byte of text for a token at most', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = Buffer.byteLength(text);
      const most = mostTokens([{ type: 'text', text }]);
      expect(most).toBeGreaterThanOrEqual(bytes);
      // A control character takes six bytes in JSON.
      expect(most).toBeLessThanOrEqual(6 * bytes + 40);
      expect(likelyTokens(text)).toBeLessThanOrEqual(most);
    }),
  );
});

it('counts base64 and encrypted content apart', () => {
  const pdf = {
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: 'A'.repeat(8e6) },
  };
  const found = { type: 'web_search_result', title: 'A page', encrypted_content: 'x'.repeat(400_000) };
  const small = { ...pdf, source: { ...pdf.source, data: 'A'.repeat(4000) } };
  expect(mostTokens(pdf)).toBeLessThan(PDF_TOKENS + 200);
  expect(mostTokens(pdf)).toBeGreaterThanOrEqual(PDF_TOKENS);
  expect(mostTokens(small)).toBeLessThan(3200);
  expect(mostTokens([found, found])).toBeLessThan(2 * SEARCH_TOKENS + 300);
  expect(mostTokens({ type: 'thinking', thinking: 'I think.', signature: 's'.repeat(9000) })).toBeLessThan(
    100,
  );
  const result = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [found] };
  // Results that were read already are counted in that reading.
  expect(mostTokens([result], true)).toBeLessThan(10);
});
