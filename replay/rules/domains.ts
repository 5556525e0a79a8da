import type { Rule } from './rule.ts';

/**
 * Domain filters of web tools match domains only. The API accepts an entry with a path and never matches it;
 * here it is refused, so that no caller relies on it.
 */
export const domains: Rule = ({ request }) => {
  for (const [i, tool] of (request.tools ?? []).entries()) {
    for (const field of ['allowed_domains', 'blocked_domains']) {
      const entries = tool[field];
      if (!Array.isArray(entries)) continue;
      const at = entries.findIndex((entry) => !DOMAIN.test(String(entry)));
      if (at < 0) continue;
      return {
        path: `tools.${i}.${field}.${at}`,
        message: `'${entries[at]}' is not a domain: an entry with a path never matches`,
      };
    }
    if (tool.allowed_domains && tool.blocked_domains) {
      return { path: `tools.${i}`, message: 'only one of allowed_domains and blocked_domains may be given' };
    }
  }
  return null;
};

const DOMAIN = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/i;
