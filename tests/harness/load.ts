/** What one request came to. */
export interface LoadAnswer {
  readonly status: number | 'no connection';
  /** The crossing's id, when the answer named one. */
  readonly crossing: string | undefined;
  /** Whether the whole body arrived. */
  readonly complete: boolean;
}

/**
 * Closed-loop load: `concurrency` clients, each sending the next request when the last is answered,
 * until `stop`. Every third request streams.
 */
export function startLoad(options: {
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
  readonly concurrency: number;
  readonly onAnswer: (answer: LoadAnswer) => void;
}): { stop(): Promise<void> } {
  const stopped = new AbortController();
  let sent = 0;
  const client = async (): Promise<void> => {
    while (!stopped.signal.aborted) options.onAnswer(await ask(options, ++sent % 3 === 0));
  };
  const clients = Array.from({ length: options.concurrency }, client);
  return {
    async stop() {
      stopped.abort();
      await Promise.all(clients);
    },
  };
}

async function ask(
  { url, apiKey, model }: { readonly url: string; readonly apiKey: string; readonly model: string },
  stream: boolean,
): Promise<LoadAnswer> {
  let crossing: string | undefined;
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'load' }] }),
    });
    crossing = response.headers.get('x-sekisho-receipt') ?? undefined;
    const text = await response.text();
    const complete = !stream || text.endsWith('data: [DONE]\n\n') || response.status !== 200;
    return { status: response.status, crossing, complete };
  } catch {
    // A refused connection answers at once: give the other side its turn.
    await new Promise((resolve) => setImmediate(resolve));
    return { status: 'no connection', crossing, complete: false };
  }
}
