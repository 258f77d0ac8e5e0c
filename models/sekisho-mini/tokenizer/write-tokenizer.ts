/** `npm run tokenizer`: learns the pieces from the generated corpus. */
import { writeFileSync } from 'node:fs';
import { readCorpus } from '../data/read-corpus.ts';
import { CORPUS_PATH, TOKENIZER_PATH } from '../work-folder.ts';
import { learnPieces } from './learn-pieces.ts';

const LIMITS = { vocabulary: 4096, minCharacterCount: 2, minPairCount: 2 };

const texts = readCorpus(CORPUS_PATH)
  .filter((conversation) => !conversation.isNoise)
  .flatMap((conversation) => conversation.messages.map((message) => message.content));
const file = learnPieces(texts, LIMITS);
writeFileSync(TOKENIZER_PATH, JSON.stringify(file));
console.log(`${file.pieces.length} pieces`);
