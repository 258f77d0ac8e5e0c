import { z } from 'zod';

/** Bounds of one inference request. */
export const inferenceLimits = {
  bodyBytes: 4 * 1024 * 1024,
  messages: 2048,
  contentParts: 256,
  stopSequences: 4,
  outputTokens: 1_000_000,
  tools: 128,
  toolCalls: 128,
  choices: 8,
  topLogprobs: 20,
  biasedTokens: 1024,
} as const;

const text = z.string().max(inferenceLimits.bodyBytes);
const name = z.string().max(64).optional();
const textPart = z.strictObject({ type: z.literal('text'), text });
const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: text });

/** The edge refuses a URL that a server would have to fetch: see `isImageData`. */
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: text, detail: z.enum(['auto', 'low', 'high']).optional() }),
});

const partsOf = <Part extends z.ZodType>(part: Part) =>
  z.array(part).min(1).max(inferenceLimits.contentParts);
const textContent = z.union([text, partsOf(textPart)]);
const userContent = z.union([text, partsOf(z.discriminatedUnion('type', [textPart, imagePart]))]);
const assistantContent = z.union([text, partsOf(z.discriminatedUnion('type', [textPart, refusalPart]))]);

export const FunctionName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64');
const callId = z.string().min(1).max(128);

const ToolCall = z.strictObject({
  id: callId,
  type: z.literal('function'),
  /** `arguments` is JSON as the model wrote it: meant to be valid, not certain to be. */
  function: z.strictObject({ name: FunctionName, arguments: text }),
});

export const ChatMessage = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: textContent, name }),
  z.strictObject({ role: z.literal('developer'), content: textContent, name }),
  z.strictObject({ role: z.literal('user'), content: userContent, name }),
  z.strictObject({
    role: z.literal('assistant'),
    content: assistantContent.nullish(),
    refusal: text.nullish(),
    tool_calls: z.array(ToolCall).min(1).max(inferenceLimits.toolCalls).optional(),
    name,
  }),
  z.strictObject({ role: z.literal('tool'), content: textContent, tool_call_id: callId }),
]);
export type ChatMessage = z.infer<typeof ChatMessage>;

const IMAGE_DATA = /^data:image\/(?:png|jpeg|webp|gif);base64,/;

/** Whether a URL holds the image itself (RFC 2397), so that no server has to fetch it from anywhere. */
export function isImageData(url: string): boolean {
  const head = IMAGE_DATA.exec(url)?.[0].length;
  if (head === undefined) return false;
  const padding = url.endsWith('==') ? 2 : url.endsWith('=') ? 1 : 0;
  const data = url.slice(head, url.length - padding);
  return data !== '' && !/[^A-Za-z0-9+/]/.test(data);
}

/** Every text of a message's content; images are none. */
export function contentTexts({ content }: ChatMessage): string[] {
  if (typeof content === 'string') return [content];
  return (content ?? []).flatMap((part) => {
    if (part.type === 'text') return [part.text];
    return part.type === 'refusal' ? [part.refusal] : [];
  });
}
