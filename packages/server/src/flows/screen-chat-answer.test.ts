import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GuardChain } from '../domains/guards/index.ts';
import { screenedBody, screenedChunks } from './screen-chat-answer.ts';

const NUMBER = '123456789018';
const both = ['request', 'answer'] as ('request' | 'answer')[];
const masking = new GuardChain([{ guard: 'my-number', action: 'mask', on: both }]);
const blockingChain = new GuardChain([{ guard: 'my-number', action: 'block', on: both }]);

const screenOf = (chain = masking) => chain.screenAnswer(masking.judgeRequest([NUMBER]).masking);

interface Call {
  readonly name: string;
  readonly text: string;
}
interface Delta {
  content?: string;
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[];
}
interface Chunk {
  choices: { index: number; delta: Delta; logprobs?: unknown; finish_reason: string | null }[];
}

async function* streamOf(chunks: readonly object[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(JSON.stringify(chunk));
}

async function screened(chunks: readonly object[], screen = screenOf()): Promise<Chunk[]> {
  const shown: Chunk[] = [];
  for await (const bytes of screenedChunks(screen, streamOf(chunks))) {
    shown.push(JSON.parse(bytes.toString('utf8')) as Chunk);
  }
  return shown;
}

const chunkOf = (delta: Delta, finish: string | null = null, index = 0): Chunk => ({
  choices: [{ index, delta, finish_reason: finish }],
});

/** The calls as a server streams them: head first, then the arguments in pieces, by turns among the calls. */
function streamedCalls(calls: readonly Call[], cuts: readonly number[], finish: string | null): Chunk[] {
  const chunks = calls.map(({ name }, index) =>
    chunkOf({ tool_calls: [{ index, id: `call_${index}`, function: { name, arguments: '' } }] }),
  );
  const left = calls.map(({ text }) => text);
  for (let turn = 0; left.some((text) => text !== ''); turn++) {
    const index = turn % left.length;
    const length = cuts[turn % cuts.length] ?? 1;
    const piece = left[index]!.slice(0, length);
    left[index] = left[index]!.slice(length);
    if (piece !== '') chunks.push(chunkOf({ tool_calls: [{ index, function: { arguments: piece } }] }));
  }
  return finish === null ? chunks : [...chunks, chunkOf({}, finish)];
}

/** As clients put calls together: names are set, arguments are joined. */
function joinedCalls(chunks: readonly Chunk[]): Call[] {
  const calls: { name: string; text: string }[] = [];
  for (const { delta } of chunks.flatMap(({ choices }) => choices)) {
    for (const { index = 0, function: called } of delta.tool_calls ?? []) {
      const call = (calls[index] ??= { name: '', text: '' });
      if (called?.name !== undefined) call.name = called.name;
      call.text += called?.arguments ?? '';
    }
  }
  return calls;
}

const cuts = fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 1, maxLength: 6 });
const finishes = fc.constantFrom('tool_calls', null);
const names = fc.constantFrom('find', 'get_BEGIN', 'a-');

describe('streamed tool calls', () => {
  test('come out as they went in where nothing is found, wherever they are cut', async () => {
    const call = fc.record({ name: names, text: fc.json({ maxDepth: 2 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 1, maxLength: 4 }),
        cuts,
        finishes,
        async (calls, lengths, finish) => {
          fc.pre(!calls.some(({ text }) => /\d{12}/.test(text)));
          expect(joinedCalls(await screened(streamedCalls(calls, lengths, finish)))).toEqual(calls);
        },
      ),
    );
  });

  test('get back what was masked, as valid JSON, wherever they are cut', async () => {
    const said = fc.string().filter((text) => !/[[\]\d]/.test(text));
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { minLength: 1, maxLength: 3 }),
        cuts,
        finishes,
        async (texts, lengths, finish) => {
          const calls = texts.map((text) => ({
            name: 'find',
            text: JSON.stringify({ a: `${text}[[my-number-1]]` }),
          }));
          const joined = joinedCalls(await screened(streamedCalls(calls, lengths, finish)));
          expect(joined.map(({ text }) => JSON.parse(text))).toEqual(
            texts.map((text) => ({ a: text + NUMBER })),
          );
        },
      ),
    );
  });

  test('are stopped before what may not be shown, also by turns', async () => {
    const calls = ['a', 'b'].map(() => ({ name: 'find', text: `{"n":"${NUMBER}"}` }));
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of screenedChunks(
        screenOf(blockingChain),
        streamOf(streamedCalls(calls, [2], 'stop')),
      ))
        seen.push(bytes.toString('utf8'));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'answer_blocked' });
    expect(seen.join('')).not.toMatch(/[1-9]{2}/);
  });

  test('whose index is out of all bounds are not read', async () => {
    await expect(screened([chunkOf({ tool_calls: [{ index: 128 }] })])).rejects.toMatchObject({
      code: 'upstream_failed',
    });
  });
});

test('what stands in a whole tool call is restored, masked or blocked', () => {
  const body = (text: string, name = 'find'): Buffer =>
    Buffer.from(
      JSON.stringify({
        choices: [
          { message: { content: null, tool_calls: [{ id: 'a', function: { name, arguments: text } }] } },
        ],
      }),
    );
  const callIn = (bytes: Buffer) =>
    (JSON.parse(bytes.toString('utf8')) as { choices: { message: { tool_calls: object[] } }[] }).choices[0]
      ?.message.tool_calls[0];
  expect(callIn(screenedBody(screenOf(), body('{"a":"[[my-number-1]]"}', '[[my-number-1]]')))).toMatchObject({
    function: { name: NUMBER, arguments: `{"a":"${NUMBER}"}` },
  });
  expect(callIn(screenedBody(screenOf(), body(`{"a":${NUMBER}}`)))).toMatchObject({
    function: { arguments: '{"a":"[my-number]"}' },
  });
  expect(callIn(screenedBody(screenOf(), body(`no JSON: 1234, [[my-number-1]]`)))).toMatchObject({
    function: { arguments: `no JSON: 1234, ${NUMBER}` },
  });
  expect(() => screenedBody(screenOf(blockingChain), body(`{"a":"${NUMBER}"}`))).toThrow(
    expect.objectContaining({ code: 'answer_blocked' }),
  );
});

describe('probabilities of tokens', () => {
  const token = (text: string) => ({ content: [{ token: text, logprob: -1 }], refusal: null });
  const pieces = (texts: readonly string[]): object[] => [
    ...texts.map((content) => ({
      choices: [{ index: 0, delta: { content }, logprobs: token(content), finish_reason: null }],
    })),
    chunkOf({}, 'stop'),
  ];
  const tokensIn = (chunks: readonly Chunk[]): string[] =>
    chunks.flatMap(({ choices }) =>
      choices.flatMap(({ logprobs }) =>
        ((logprobs as ReturnType<typeof token> | null | undefined)?.content ?? []).map((one) => one.token),
      ),
    );

  test('come once their text has been shown', async () => {
    const texts = ['年は', '2026', '年', '12'];
    const shown = await screened(pieces(texts));
    expect(tokensIn(shown)).toEqual(texts);
    expect(tokensIn(shown.slice(0, 2))).toEqual(['年は']);
  });

  test('never come where a guard changed the text', async () => {
    const own = await screened(pieces(['番号は', '12345', '6789018', 'です']));
    expect(tokensIn(own)).toEqual(['番号は']);
    const restored = await screened(pieces(['[[my-', 'number-1]]', 'です']));
    expect(tokensIn(restored)).toEqual([]);
  });

  test('of a whole answer stay or go with it', () => {
    const body = (content: string): Buffer =>
      Buffer.from(JSON.stringify({ choices: [{ message: { content }, logprobs: token(content) }] }));
    expect(screenedBody(screenOf(), body('関所'))).toEqual(body('関所'));
    expect(screenedBody(screenOf(), body(NUMBER)).toString()).toContain('"logprobs":null');
  });
});
