import { readFileSync } from 'node:fs';
import type { Conversation } from './corpus.ts';

/** Reads back what `npm run generate` wrote. */
export function readCorpus(path: string): Conversation[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map(parseLine);
}

function parseLine(line: string): Conversation {
  const conversation: Conversation = JSON.parse(line);
  return conversation;
}
