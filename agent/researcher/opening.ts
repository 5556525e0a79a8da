import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import { z } from 'zod';
import { WEB_NOTE, WEB_TOOLS } from './web.ts';

/**
 * What a conversation begins with and keeps to its end: the system prompt and the definitions of all tools,
 * as they are sent. It stands in the transcript, so that a conversation that is taken up again is the same
 * byte for byte.
 */
export const Opening = z.object({
  system: z.string(),
  // As it stands, the order of its fields included.
  tools: z.array(z.custom<{ name: string }>((tool) => typeof Object(tool).name === 'string')),
});
export type Opening = z.infer<typeof Opening>;

/** `web`: whether search and fetch are offered, which the system prompt then says. */
export function openingOf(system: string, tools: readonly BetaRunnableTool[], web: boolean): Opening {
  const all = [...tools, ...(web ? WEB_TOOLS : [])];
  return {
    system: web ? `${system}\n\n${WEB_NOTE}` : system,
    // Without what runs them.
    tools: JSON.parse(JSON.stringify(all)) as Opening['tools'],
  };
}

export const hasWeb = ({ tools }: Opening): boolean => tools.some(({ name }) => name === 'web_search');
