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

  it('is quick for the largest request', () => {
    const began = performance.now();
    expect(estimateInputTokens({ messages: [user('x'.repeat(4 * 1024 * 1024))] })).toBe(4 + 1024 * 1024);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
