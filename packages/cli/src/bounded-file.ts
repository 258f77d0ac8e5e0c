import { open } from 'node:fs/promises';
import { CommandFailure } from './failure.ts';

const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of a file, or of stdin for `-`. Throws `file_unreadable`, and `file_too_large` above
 * `bytesMax` without reading further.
 */
export async function readBounded(
  file: string,
  bytesMax: number,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<Buffer> {
  const source = file === '-' ? stdin : readChunks(file);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source) {
      const buffer = Buffer.from(chunk);
      bytes += buffer.length;
      if (bytes > bytesMax) {
        throw new CommandFailure('file_too_large', (texts) => texts.failures.fileTooLarge(file, bytesMax));
      }
      chunks.push(buffer);
    }
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(
      'file_unreadable',
      (texts) => texts.failures.fileUnreadable(file, reasonOf(error)),
      {
        cause: error,
      },
    );
  }
  return Buffer.concat(chunks);
}

async function* readChunks(file: string): AsyncGenerator<Buffer> {
  await using handle = await open(file, 'r');
  for (;;) {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(CHUNK_BYTES) });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The system's word for what went wrong, `ENOENT`. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
