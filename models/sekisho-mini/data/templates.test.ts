import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATEGORIES, evaluationConversation, trainingConversation } from './corpus.ts';
import { expansions } from './phrasing.ts';
import { Random } from './random.ts';

test('no held-out template shares a phrasing with any training template', () => {
  const trained = new Set(
    CATEGORIES.flatMap((category) => category.templates.train)
      .flatMap(expansions)
      .map(skeleton),
  );
  for (const category of CATEGORIES) {
    for (const phrasing of category.templates.heldOut.flatMap(expansions)) {
      assert.ok(!trained.has(skeleton(phrasing)), `${category.name}: ${phrasing}`);
    }
  }
});

test('no held-out prompt is drawn in training', () => {
  const random = new Random(1);
  const trained = new Set<string>();
  for (let i = 0; i < 30_000; i++) {
    for (const { role, content } of trainingConversation(random).messages) {
      if (role === 'user') trained.add(skeleton(content));
    }
  }
  for (const category of CATEGORIES) {
    const splits = category.hasCombinations
      ? (['new-template', 'new-combination'] as const)
      : (['new-template'] as const);
    for (const split of splits) {
      for (let i = 0; i < 300; i++) {
        const { messages } = evaluationConversation(random, category, split);
        const prompt = messages.findLast((message) => message.role === 'user')?.content ?? '';
        assert.ok(!trained.has(skeleton(prompt)), `${category.name} ${split}: ${prompt}`);
      }
    }
  }
});

test('every training answer contains the facts it is scored by', () => {
  const random = new Random(2);
  for (const category of CATEGORIES) {
    for (const split of ['train', 'new-template'] as const) {
      for (let i = 0; i < 500; i++) {
        const { answer, facts } = category.sample(random, split);
        for (const fact of facts) assert.ok(answer.includes(fact), `${fact} in ${answer}`);
      }
    }
  }
});

test('every choice and slot of a prompt is filled in', () => {
  const random = new Random(3);
  for (const category of CATEGORIES) {
    for (const split of ['train', 'new-template'] as const) {
      for (let i = 0; i < 1000; i++) {
        assert.doesNotMatch(category.sample(random, split).prompt, /[{}|]|\$[a-z]/);
      }
    }
  }
});

test('the corpus is the same for the same seed', () => {
  const draw = (): string => {
    const random = new Random(4);
    return JSON.stringify(Array.from({ length: 50 }, () => trainingConversation(random)));
  };
  assert.equal(draw(), draw());
});

/** Case, spaces and punctuation don't make a different phrasing. */
function skeleton(text: string): string {
  return text.toLowerCase().replace(/[\s。、，．.,!?！？：:]/g, '');
}
