import { ChatCompletionRequest } from '@sekisho/contract';
import { expect, test } from 'vitest';
import { unsupportedByEmbedded } from './unsupported-by-embedded.ts';

const said = { role: 'user', content: 'x' };
const unsupportedIn = (fields: object): readonly string[] =>
  unsupportedByEmbedded(ChatCompletionRequest.parse({ model: 'mini', messages: [said], ...fields }));

const tools = [{ type: 'function', function: { name: 'find' } }];
const call = { id: 'a', type: 'function', function: { name: 'find', arguments: '{}' } };
const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,eA==' } };

test.each<[string, object, string[]]>([
  ['penalties', { presence_penalty: 1, frequency_penalty: -1 }, ['presence_penalty', 'frequency_penalty']],
  ['two choices', { n: 2 }, ['n']],
  ['biases', { logit_bias: { 5: 1 } }, ['logit_bias']],
  ['probabilities', { logprobs: true }, ['logprobs']],
  ['tools', { tools, tool_choice: 'none' }, ['tools']],
  ['an object', { response_format: { type: 'json_object' } }, ['response_format']],
  ['a schema', { response_format: { type: 'json_schema', json_schema: { name: 'a' } } }, ['response_format']],
  ['an effort', { reasoning_effort: 'low' }, ['reasoning_effort']],
  [
    'calls, their results and images',
    {
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'x' }, image] },
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', content: 'x', tool_call_id: 'a' },
      ],
    },
    ['messages.0.content.1.image_url', 'messages.1.tool_calls', 'messages.2.role'],
  ],
])('names %s', (_name, fields, names) => {
  expect(unsupportedIn(fields)).toEqual(names);
});

test('and nothing that changes nothing', () => {
  const nothing = { n: 1, presence_penalty: 0, logit_bias: {}, logprobs: false, reasoning_effort: 'none' };
  expect(unsupportedIn({ ...nothing, response_format: { type: 'text' }, prompt_cache_key: 'x' })).toEqual([]);
});
