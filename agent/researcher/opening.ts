import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import { z } from 'zod';
import { WEB_NOTE, WEB_TOOLS } from './web.ts';

/**
 * The fixed beginning of a conversation: the system prompt and the definitions of all tools, as they are
 * sent. It stands in the transcript, so that a resumed conversation is the same byte for byte.
 */
export const Opening = z.object({
  system: z.string(),
  // Kept unparsed, with the order of its fields.
  tools: z.array(z.custom<{ name: string }>((tool) => typeof Object(tool).name === 'string')),
});
export type Opening = z.infer<typeof Opening>;

/** Builds the opening. `web`: search and fetch are offered, and the system prompt says so. */
export function openingOf(system: string, tools: readonly BetaRunnableTool[], web: boolean): Opening {
  const all = [...tools, ...(web ? WEB_TOOLS : [])];
  return {
    system: web ? `${system}\n\n${WEB_NOTE}` : system,
    // JSON leaves out the functions that run the tools.
    tools: JSON.parse(JSON.stringify(all)) as Opening['tools'],
  };
}

export const hasWeb = ({ tools }: Opening): boolean => tools.some(({ name }) => name === 'web_search');
