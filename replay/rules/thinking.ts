import { isObject, type Rule } from './rule.ts';

/**
 * Models whose thinking blocks are bound to the conversation before them; dated names and names of clouds
 * match too.
 */
const BINDING = /claude-(?:(?:opus|sonnet|haiku)-5-5|(?:fable|mythos)-5-[12])(?!\d)/;

/**
 * The short name of a model, without a date or what a cloud adds; null for a model that does not bind its
 * thinking.
 */
export function bindingModel(model: string): string | null {
  return BINDING.exec(model)?.[0] ?? null;
}

/** What models that bind their thinking refuse: thinking that is off or has a budget, and forced tool use. */
export const thinkingConfig: Rule = ({ request }) => {
  if (bindingModel(request.model) === null) return null;
  const { thinking, tool_choice } = request;
  if (isObject(thinking) && (thinking.type === 'disabled' || thinking.type === 'enabled')) {
    return {
      path: '',
      message: `"thinking.type.${thinking.type}" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`,
    };
  }
  if (isObject(tool_choice) && (tool_choice.type === 'any' || tool_choice.type === 'tool')) {
    return {
      path: 'tool_choice',
      message: `type "${tool_choice.type}" is not supported for this model. Use "auto" or "none".`,
    };
  }
  return null;
};

/** Whether a reply to this request begins with thinking: these models think unless told otherwise. */
export function thinks({ model, thinking }: { model: string; thinking?: unknown }): boolean {
  if (bindingModel(model) === null) return false;
  return !isObject(thinking) || thinking.type === 'adaptive';
}
