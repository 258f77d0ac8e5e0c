import { ChatCompletionRequest } from '@sekisho/contract';
import { expect, test } from 'vitest';
import { affinityKeyOf } from './identify-chat.ts';

const keyOf = (fields: object, tenant = 'city'): string =>
  affinityKeyOf(
    tenant,
    'welfare',
    ChatCompletionRequest.parse({ model: 'mini', messages: [{ role: 'user', content: 'x' }], ...fields }),
  );
const saying = (content: unknown): object => ({ messages: [{ role: 'user', content }] });

test('turns of one conversation share a key', () => {
  const next = {
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', refusal: 'no' },
    ],
  };
  expect(keyOf(next)).toBe(keyOf({}));
  expect(keyOf(saying([{ type: 'text', text: 'x' }]))).toBe(keyOf({}));
  expect(keyOf(saying('y'))).not.toBe(keyOf({}));
  expect(keyOf({ user: 'a' })).not.toBe(keyOf({}));
});

test('requests under one cache key share one, whatever they say, within their tenant and model', () => {
  const cached = { prompt_cache_key: 'k' };
  expect(keyOf({ ...cached, ...saying('y'), user: 'a' })).toBe(keyOf(cached));
  expect(keyOf(cached)).not.toBe(keyOf({}));
  expect(keyOf({ prompt_cache_key: 'other' })).not.toBe(keyOf(cached));
  expect(keyOf(cached, 'town')).not.toBe(keyOf(cached));
  expect(keyOf({ ...cached, model: 'large' })).not.toBe(keyOf(cached));
});

test('a first message without text has a key', () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,eA==' } };
  expect(keyOf(saying([image]))).toBe(keyOf(saying('')));
});
