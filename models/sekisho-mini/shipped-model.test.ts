/** The committed file: small enough, a sane header, and it talks. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ChatMLChatWrapper, JinjaTemplateChatWrapper, resolveChatWrapper } from 'node-llama-cpp';
import { MiniModel } from './answer.ts';
import { elementCount, MINI_SHAPE, parameterDims } from './model-shape.ts';
import { CHAT_TEMPLATE } from './tokenizer/chat-format.ts';
import { TOKEN } from './tokenizer/tokenizer.ts';
import { MODEL_PATH } from './work-folder.ts';

const SIZE_BYTES_MAX = 12_000_000;

let mini: MiniModel;

before(async () => {
  mini = await MiniModel.load(MODEL_PATH);
});

after(async () => {
  await mini.dispose();
});

test('it is at most 12 MB of GGUF version 3', () => {
  const bytes = readFileSync(MODEL_PATH);
  assert.ok(statSync(MODEL_PATH).size <= SIZE_BYTES_MAX);
  assert.equal(bytes.subarray(0, 4).toString('latin1'), 'GGUF');
  assert.equal(bytes.readUInt32LE(4), 3);
  assert.equal(Number(bytes.readBigUInt64LE(8)), parameterDims({ ...MINI_SHAPE, vocabulary: 1 }).size);
});

test('it holds about five million parameters, as its label says', () => {
  const vocabulary = mini.model.fileInfo.metadata.tokenizer?.ggml.tokens.length ?? 0;
  const dims = [...parameterDims({ ...MINI_SHAPE, vocabulary }).values()];
  const count = dims.reduce((sum, size) => sum + elementCount(size), 0);
  assert.ok(count > 4.5e6 && count < 5.5e6, `${count} parameters`);
});

test('its special tokens and template are the ones it was trained on', () => {
  const { tokens, trainContextSize, fileInfo } = mini.model;
  assert.equal(tokens.bos, TOKEN.begin);
  assert.equal(tokens.eos, TOKEN.end);
  assert.equal(tokens.eot, TOKEN.messageEnd);
  assert.equal(trainContextSize, MINI_SHAPE.context);
  assert.equal(fileInfo.metadata.tokenizer?.chat_template, CHAT_TEMPLATE);
});

test('the wrapper that node-llama-cpp picks renders the prompt that we render', () => {
  const wrapper = resolveChatWrapper(mini.model);
  assert.ok(wrapper instanceof ChatMLChatWrapper || wrapper instanceof JinjaTemplateChatWrapper);
  const { contextText } = wrapper.generateContextState({
    chatHistory: [
      { type: 'system', text: 'あなたは親切なアシスタントです。' },
      { type: 'user', text: 'こんにちは' },
      { type: 'model', response: [] },
    ],
  });
  const ours = mini.promptTokens([
    { role: 'system', content: 'あなたは親切なアシスタントです。' },
    { role: 'user', content: 'こんにちは' },
  ]);
  assert.deepEqual(contextText.tokenize(mini.model.tokenizer), ours);
});

test('it greets back in the language of the greeting', async () => {
  assert.match((await mini.answer([{ role: 'user', content: 'こんにちは' }])).text, /こんにちは/);
  assert.match((await mini.answer([{ role: 'user', content: 'Hello' }])).text, /Hello/);
});

test('a generation can be stopped by a signal', async () => {
  const stop = new AbortController();
  let chunks = 0;
  const onText = (): void => {
    if (++chunks === 2) stop.abort();
  };
  const messages = [{ role: 'user', content: 'Explain Sekisho in detail.' }] as const;
  await assert.rejects(mini.answer(messages, { onText, signal: stop.signal }));
  // The sequence serves the next question as if nothing had happened.
  assert.match((await mini.answer([{ role: 'user', content: 'Hello' }])).text, /Hello/);
});
