import type { ChatCompletionRequest, ChatMessage, Json, JsonObject } from '@sekisho/contract';
import { replaceInJsonText } from './screened-json.ts';

/** Takes a text and gives the one that stands in its place. */
export type Replace = (text: string) => string;

/**
 * Calls `replace` for each text of the request that a person or a program wrote, always in the same order: messages, tool
 * calls and their arguments, tools and schemas with the names and numbers in them, identifiers of the sender's. Not
 * for images, into which no guard sees.
 */
export function replaceTexts(completion: ChatCompletionRequest, replace: Replace): ChatCompletionRequest {
  const { messages, tools, tool_choice: choice, response_format: format, stop } = completion;
  const { user, prompt_cache_key: cacheKey } = completion;
  return {
    ...completion,
    messages: messages.map((message) => replaceInMessage(message, replace)),
    ...(tools && {
      tools: tools.map((tool) => ({ ...tool, function: replaceInDeclared(tool.function, replace) })),
    }),
    ...(typeof choice === 'object' && {
      tool_choice: { ...choice, function: { name: replace(choice.function.name) } },
    }),
    ...(format?.type === 'json_schema' && {
      response_format: { ...format, json_schema: replaceInDeclared(format.json_schema, replace) },
    }),
    ...(typeof user === 'string' && { user: replace(user) }),
    ...(typeof cacheKey === 'string' && { prompt_cache_key: replace(cacheKey) }),
    ...(typeof stop === 'string' && { stop: replace(stop) }),
    ...(Array.isArray(stop) && { stop: stop.map((text) => replace(text)) }),
  };
}

/** The texts of {@link replaceTexts}, in its order. */
export function textsOf(completion: ChatCompletionRequest): string[] {
  const texts: string[] = [];
  replaceTexts(completion, (text) => {
    texts.push(text);
    return text;
  });
  return texts;
}

function replaceInMessage(message: ChatMessage, replace: Replace): ChatMessage {
  switch (message.role) {
    case 'system':
    case 'developer':
      return { ...message, content: replaceInContent(message.content, replace), ...named(message, replace) };
    case 'user':
      return { ...message, content: replaceInContent(message.content, replace), ...named(message, replace) };
    case 'tool':
      return {
        ...message,
        content: replaceInContent(message.content, replace),
        tool_call_id: replace(message.tool_call_id),
      };
    case 'assistant':
      return {
        ...message,
        ...(message.content && { content: replaceInContent(message.content, replace) }),
        ...(typeof message.refusal === 'string' && { refusal: replace(message.refusal) }),
        ...(message.tool_calls && {
          tool_calls: message.tool_calls.map((call) => ({
            ...call,
            id: replace(call.id),
            function: {
              name: replace(call.function.name),
              arguments: replaceInJsonText(call.function.arguments, replace),
            },
          })),
        }),
        ...named(message, replace),
      };
  }
}

type ContentPart =
  | { type: 'text'; text: string }
  | { type: 'refusal'; refusal: string }
  | { type: 'image_url'; image_url: object };

function replaceInContent<Part extends ContentPart>(
  content: string | Part[],
  replace: Replace,
): string | Part[] {
  if (typeof content === 'string') return replace(content);
  return content.map((part) => {
    if (part.type === 'text') return { ...part, text: replace(part.text) };
    return part.type === 'refusal' ? { ...part, refusal: replace(part.refusal) } : part;
  });
}

function named({ name }: { readonly name?: string | undefined }, replace: Replace): { name?: string } {
  return name === undefined ? {} : { name: replace(name) };
}

interface Declared {
  name: string;
  description?: string | undefined;
  parameters?: JsonObject | undefined;
  schema?: JsonObject | undefined;
}

/** A tool's function, or the schema of an answer. */
function replaceInDeclared<Declaration extends Declared>(
  declared: Declaration,
  replace: Replace,
): Declaration {
  const { name, description, parameters, schema } = declared;
  return {
    ...declared,
    name: replace(name),
    ...(description !== undefined && { description: replace(description) }),
    ...(parameters && { parameters: replaceInObject(parameters, replace) }),
    ...(schema && { schema: replaceInObject(schema, replace) }),
  };
}

function replaceInObject(object: JsonObject, replace: Replace): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [replace(name), replaceInJson(value, replace)]),
  );
}

function replaceInJson(value: Json, replace: Replace): Json {
  if (typeof value === 'string') return replace(value);
  if (typeof value === 'number') {
    const text = String(value);
    const passing = replace(text);
    return passing === text ? value : passing;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => replaceInJson(item, replace));
  return replaceInObject(value, replace);
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
