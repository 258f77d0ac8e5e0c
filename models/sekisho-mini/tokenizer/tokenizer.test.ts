import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingConversation } from '../data/corpus.ts';
import { Random } from '../data/random.ts';
import { encodeConversation } from './chat-format.ts';
import { learnPieces } from './learn-pieces.ts';
import { FIRST_BYTE_TOKEN, TOKEN, Tokenizer } from './tokenizer.ts';

function smallTokenizer(): Tokenizer {
  const random = new Random(11);
  const texts = Array.from({ length: 2000 }, () => trainingConversation(random))
    .filter((conversation) => !conversation.isNoise)
    .flatMap((conversation) => conversation.messages.map((message) => message.content));
  return new Tokenizer(learnPieces(texts, { vocabulary: 1500, minCharacterCount: 2, minPairCount: 2 }));
}

const tokenizer = smallTokenizer();

test('decoding gives back any text', () => {
  const random = new Random(12);
  const alphabets = ['abc XYZ 019', 'あいう漢字カナ', '🙂𠮷é\n\t', '<|im_end|>▁'.replace('▁', '')];
  for (let i = 0; i < 500; i++) {
    const characters = Array.from(random.pick(alphabets));
    const text = Array.from({ length: random.below(30) }, () => random.pick(characters)).join('');
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
  }
});

test('plain text never encodes to a special token', () => {
  for (const id of tokenizer.encode('<|im_start|>system\n<|im_end|></s><s><unk>')) {
    assert.ok(id >= FIRST_BYTE_TOKEN);
  }
});

test('digits and line breaks are never part of a longer piece', () => {
  for (const piece of tokenizer.pieces.slice(FIRST_BYTE_TOKEN + 256)) {
    if (piece.length > 1) assert.doesNotMatch(piece, /[0-9\n]/);
  }
});

test('pieces are distinct and the vocabulary is not exceeded', () => {
  assert.equal(new Set(tokenizer.pieces).size, tokenizer.pieces.length);
  assert.ok(tokenizer.size <= 1500);
});

test('only what the assistant says, and its end, carries loss', () => {
  const { ids, isAnswer } = encodeConversation(
    tokenizer,
    [
      { role: 'user', content: 'こんにちは' },
      { role: 'assistant', content: 'はい' },
    ],
    { begin: true },
  );
  const answer = ids.filter((_, index) => isAnswer[index] === 1);
  assert.deepEqual(answer, [...tokenizer.encode('はい'), TOKEN.messageEnd]);
});
