import { z } from 'zod';
import type { Contender } from './contenders.ts';
import type { LoadTarget } from './load-generator.ts';
import { streamedText, wholeAnswer, type Workload } from './workloads.ts';

const PATH = '/v1/chat/completions';
const ATTEMPTS_MAX = 100;
const RETRY_AFTER_MS = 50;

const Whole = z.object({ choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]) });
const Chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().optional() }) })),
});

/**
 * Asks once and reads the answer as a client would: the text must be the stub's. Then every later answer
 * can be checked by its status and length alone. Throws when the contender answers wrongly.
 */
export async function checkedTarget(contender: Contender, workload: Workload): Promise<LoadTarget> {
  const response = await ask(contender, workload);
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200)
    throw new Error(`${contender.name} answered ${response.status}: ${body.toString()}`);
  const text = workload.stream ? textOfStream(body.toString()) : textOf(body.toString());
  const expected = workload.stream ? streamedText : textOf(wholeAnswer.toString());
  if (text !== expected) throw new Error(`${contender.name} answered another text to ${workload.name}`);
  return { port: contender.port, request: rawRequest(contender, workload), answerBytes: body.length };
}

/** A contender that has no way to say that it listens is asked until it does. */
async function ask(contender: Contender, workload: Workload): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(`http://127.0.0.1:${contender.port}${PATH}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close', ...contender.headers },
        body: new Uint8Array(workload.requestBody),
      });
    } catch (cause) {
      if (attempt === ATTEMPTS_MAX) throw new Error(`${contender.name} cannot be reached`, { cause });
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    }
  }
}

function textOf(json: string): string {
  return Whole.parse(JSON.parse(json)).choices[0].message.content;
}

function textOfStream(events: string): string {
  return events
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .flatMap((line) => Chunk.parse(JSON.parse(line.slice(6))).choices)
    .map(({ delta }) => delta.content ?? '')
    .join('');
}

function rawRequest(contender: Contender, workload: Workload): Buffer {
  const headers = Object.entries({
    host: `127.0.0.1:${contender.port}`,
    'content-type': 'application/json',
    'content-length': String(workload.requestBody.length),
    ...contender.headers,
  });
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`POST ${PATH} HTTP/1.1\r\n${head}\r\n`), workload.requestBody]);
}
