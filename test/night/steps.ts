import type { AnswerBlock } from '#replay/protocol';

/** One reply of the researcher, whole. */
export interface Step {
  content: readonly AnswerBlock[];
  stopReason?: string;
  /** Output tokens of its thinking, where they are more than usual. */
  thinkingTokens?: number;
  /**
   * The status with which the awaited run must end; otherwise the conversation goes back to step `orBackTo`.
   */
  needs?: { status: RegExp; orBackTo: number };
}

export const say = (text: string): AnswerBlock => ({ type: 'text', text });
export const use = (name: string, input: object): AnswerBlock => ({ type: 'tool_use', name, input });
export const call = (name: string, input: object = {}): Step => ({ content: [use(name, input)] });
export const bash = (command: string) => call('bash', { command });
export const look = use('read_results', {});

/** A search call without its result. */
export const search = (query: string): AnswerBlock => ({
  ...{ type: 'server_tool_use', name: 'web_search', input: { query } },
});

/** A search call with its results in one reply: base64 of some kilobytes, as the API returns them. */
export const searched = (query: string): AnswerBlock[] => [
  search(query),
  {
    type: 'web_search_tool_result',
    content: ['a', 'b', 'c'].map((page) => ({
      type: 'web_search_result',
      url: `https://example.org/${page}`,
      title: `Page ${page} on ${query}`,
      encrypted_content: page.repeat(8000),
      page_age: null,
    })),
  },
];

const PDF = 'https://example.org/paper.pdf';
export const fetchPage: AnswerBlock = { type: 'server_tool_use', name: 'web_fetch', input: { url: PDF } };

/** A call that fetches a PDF, with its result in one reply. */
export const fetched: AnswerBlock[] = [
  fetchPage,
  {
    type: 'web_fetch_tool_result',
    content: {
      type: 'web_fetch_result',
      url: PDF,
      retrieved_at: null,
      content: {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE'.repeat(15_000) },
        title: null,
      },
    },
  },
];

/**
 * A run and the wait for it. A run that ended otherwise (the supervisor was killed meanwhile) is repeated.
 */
export function run(at: number, experiment: string, ending: string, budget: object): Step[] {
  const wait = call('wait_for_experiment', { run: '$RUN' });
  return [
    call('run_experiment', { experiment, ...budget }),
    { ...wait, needs: { status: new RegExp(`^${ending}$`), orBackTo: at } },
  ];
}
