import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorDefinitions } from '@sekisho/contract';

/**
 * The list of error codes is closed and each code means one thing: no code that nothing throws, no
 * two codes with the same message, no code written twice in the source of the list.
 */
export async function errorCodeFaults(root: string): Promise<string[]> {
  const codes = Object.keys(errorDefinitions);
  const source = await readFile(join(root, 'packages/contract/src/errors.ts'), 'utf8');
  return [...writtenTwice(source), ...sameMessage(), ...(await unused(root, codes))];
}

function writtenTwice(source: string): string[] {
  const written = [...source.matchAll(/^ {2}([a-z_]+): \{$/gm)].map((match) => match[1] ?? '');
  return written
    .filter((code, i) => written.indexOf(code) !== i)
    .map((code) => `error code ${code} is defined twice`);
}

function sameMessage(): string[] {
  const byMessage = new Map<string, string>();
  const faults: string[] = [];
  for (const [code, { message }] of Object.entries(errorDefinitions)) {
    for (const text of [message.ja, message.en]) {
      const other = byMessage.get(text);
      if (other !== undefined) faults.push(`error codes ${other} and ${code} have the same message: ${text}`);
      byMessage.set(text, code);
    }
  }
  return faults;
}

async function unused(root: string, codes: readonly string[]): Promise<string[]> {
  const unseen = new Set(codes);
  for await (const file of glob('packages/*/src/**/*.ts', { cwd: root })) {
    if (file.endsWith('.test.ts') || file.endsWith('contract/src/errors.ts')) continue;
    const text = await readFile(join(root, file), 'utf8');
    for (const code of unseen) if (text.includes(`'${code}'`)) unseen.delete(code);
  }
  return [...unseen].map((code) => `error code ${code} is never used`);
}
