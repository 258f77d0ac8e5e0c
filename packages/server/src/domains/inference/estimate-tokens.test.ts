import { describe, expect, it } from 'vitest';
import { estimateInputTokens } from './index.ts';

const user = (content: string | { type: 'text'; text: string }[]) => ({ role: 'user' as const, content });

describe('the estimate of input tokens', () => {
  it.each([
    ['nothing', [], 0],
    ['an empty message', [user('')], 4],
    ['four ASCII characters a token', [user('12345678')], 4 + 2],
    ['and the rest of them', [user('12345')], 4 + 2],
    ['one Japanese character a token', [user('関所の')], 4 + 3],
    [
      'parts as well as texts',
      [
        user([
          { type: 'text', text: '関所' },
          { type: 'text', text: 'abcd' },
        ]),
      ],
      4 + 3,
    ],
    ['every message', [user('関'), user('所')], 10],
  ])('counts %s', (_name, messages, tokens) => {
    expect(estimateInputTokens({ messages })).toBe(tokens);
  });

  it('counts images, tool calls, tools and the schema of the answer', () => {
    const image = (detail: 'low' | 'high') => ({
      type: 'image_url' as const,
      image_url: { url: 'data:image/png;base64,eA==', detail },
    });
    const call = { id: 'a', type: 'function' as const, function: { name: 'find', arguments: '{"a":1} ' } };
    const declared = { name: 'find', parameters: { type: 'object' } };
    expect(
      estimateInputTokens({ messages: [{ role: 'user', content: [image('low'), image('high')] }] }),
    ).toBe(4 + 85 + 765);
    expect(estimateInputTokens({ messages: [{ role: 'assistant', tool_calls: [call] }] })).toBe(4 + 1 + 2);
    expect(estimateInputTokens({ messages: [{ role: 'assistant', refusal: '拒否' }] })).toBe(4 + 2);
    const tools = [{ type: 'function' as const, function: declared }];
    expect(estimateInputTokens({ messages: [], tools })).toBe(Math.ceil(JSON.stringify(tools).length / 4));
    const format = { type: 'json_schema' as const, json_schema: { name: 'a', schema: { type: 'object' } } };
    expect(estimateInputTokens({ messages: [], response_format: format })).toBe(
      Math.ceil(JSON.stringify(format.json_schema).length / 4),
    );
  });

  it('is quick for the largest request', () => {
    const began = performance.now();
    expect(estimateInputTokens({ messages: [user('x'.repeat(4 * 1024 * 1024))] })).toBe(4 + 1024 * 1024);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
