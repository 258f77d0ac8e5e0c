import { ChatCompletionRequest } from '@sekisho/contract';
import { expect, test } from 'vitest';
import { replaceTexts, textsOf } from './chat-texts.ts';

/** Every text is `tN`; what is none of a sender's is something else. */
const completion = ChatCompletionRequest.parse({
  model: 'mini',
  messages: [
    { role: 'system', content: 't0', name: 't1' },
    { role: 'developer', content: [{ type: 'text', text: 't2' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 't3' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,eA==' } },
      ],
    },
    {
      role: 'assistant',
      content: [{ type: 'refusal', refusal: 't4' }],
      refusal: 't5',
      tool_calls: [
        { id: 't6', type: 'function', function: { name: 't7', arguments: '{ "t8": ["t9", 10, true] }' } },
      ],
    },
    { role: 'tool', content: 't11', tool_call_id: 't6' },
  ],
  tools: [
    {
      type: 'function',
      function: {
        name: 't7',
        description: 't12',
        parameters: { t13: { enum: ['t14', 15, null] } },
        strict: true,
      },
    },
  ],
  tool_choice: { type: 'function', function: { name: 't7' } },
  response_format: {
    type: 'json_schema',
    json_schema: { name: 't16', description: 't17', schema: { t18: 't19' } },
  },
  user: 't20',
  prompt_cache_key: 't21',
  stop: ['t22'],
});

test('every text of a request is looked at, numbers in JSON too', () => {
  const seen = new Set(textsOf(completion).map((text) => text.replace('t', '')));
  for (let n = 0; n <= 22; n++) expect(seen).toContain(String(n));
});

test('and each is replaced where it stands', () => {
  const replaced = JSON.stringify(replaceTexts(completion, (text) => `<${text}>`));
  expect(replaced.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/t\d|1[05]/);
  const call = ChatCompletionRequest.shape.messages.element.options[3].parse(
    JSON.parse(JSON.stringify(replaceTexts(completion, (text) => text).messages[3])),
  );
  expect(call.tool_calls?.[0]?.function.arguments).toBe('{ "t8": ["t9", 10, true] }');
});

test('what changes nothing changes nothing', () => {
  expect(replaceTexts(completion, (text) => text)).toEqual(completion);
});
