/** What is asked and what the stub answers, byte for byte. */

export const workloadNames = ['plain-1k', 'plain-32k', 'stream-50'] as const;
export type WorkloadName = (typeof workloadNames)[number];

export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  readonly stream: boolean;
  readonly requestBody: Buffer;
}

/** Served by one endpoint of the benchmark's platform; the stub does not look at it. */
const MODEL = 'stub-ishikari';

const STREAM_CHUNKS = 50;
export const streamedText = Array.from({ length: STREAM_CHUNKS }, (_, i) => `word${i} `).join('');

export const workloads: readonly Workload[] = [
  {
    name: 'plain-1k',
    title: 'plain, request 1 KiB, answer 1 KiB',
    stream: false,
    requestBody: requestBody(1024, false),
  },
  {
    name: 'plain-32k',
    title: 'plain, request 32 KiB, answer 1 KiB',
    stream: false,
    requestBody: requestBody(32 * 1024, false),
  },
  {
    name: 'stream-50',
    title: `stream of ${STREAM_CHUNKS} chunks, request 1 KiB`,
    stream: true,
    requestBody: requestBody(1024, true),
  },
];

/** A chat completion request of exactly `bytes` bytes. */
function requestBody(bytes: number, stream: boolean): Buffer {
  const withText = (text: string): Buffer =>
    Buffer.from(
      JSON.stringify({
        model: MODEL,
        ...(stream ? { stream: true } : {}),
        messages: [{ role: 'user', content: text }],
      }),
    );
  return withText('x'.repeat(bytes - withText('').length));
}

const head = { id: 'chatcmpl-bench', created: 1, model: 'stub' };

/** A whole answer of exactly 1 KiB. */
export const wholeAnswer: Buffer = (() => {
  const withText = (text: string): Buffer =>
    Buffer.from(
      JSON.stringify({
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 200, completion_tokens: 180, total_tokens: 380 },
      }),
    );
  return withText('y'.repeat(1024 - withText('').length));
})();

/** The events of a streamed answer. The usage event comes only to who asks for it, as at OpenAI. */
export function streamEvents(withUsage: boolean): Buffer[] {
  const event = (fields: object): Buffer =>
    Buffer.from(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...fields })}\n\n`);
  const contents = streamedText
    .trimEnd()
    .split(' ')
    .map((word) => event({ choices: [{ index: 0, delta: { content: `${word} ` }, finish_reason: null }] }));
  const usage = { prompt_tokens: 200, completion_tokens: STREAM_CHUNKS, total_tokens: 200 + STREAM_CHUNKS };
  return [
    ...contents,
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    ...(withUsage ? [event({ choices: [], usage })] : []),
    Buffer.from('data: [DONE]\n\n'),
  ];
}
