import type { IncomingMessage } from 'node:http';
import { SekishoError } from '@sekisho/contract';

/**
 * The whole body, at most `bytesMax`. A larger one is refused by its declared length before it is
 * read, and at the limit when it declared none.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) throw tooLarge(bytesMax);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        request.removeAllListeners('data');
        request.resume();
        reject(tooLarge(bytesMax));
      } else chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const left = (): void => {
      // Every request closes at last; an error object for each would cost more than reading it.
      if (!request.complete) reject(new SekishoError('client_closed_request'));
    };
    request.once('error', left);
    request.once('close', left);
  });
}

function tooLarge(bytesMax: number): SekishoError {
  return new SekishoError('request_too_large', `${bytesMax / 1024 / 1024} MiB`);
}
