/** `npm run generate`: writes the training corpus as JSON lines into the work folder. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { CORPUS_PATH, WORK_FOLDER } from '../work-folder.ts';
import { trainingConversation } from './corpus.ts';
import { Random } from './random.ts';

const SEED = 20261123;
const DRAWS = 400_000;
/** Short prompts repeat naturally; beyond this they would only be learnt by heart. */
const MAX_REPEATS = 6;

mkdirSync(WORK_FOLDER, { recursive: true });
const random = new Random(SEED);
const repeats = new Map<string, number>();
const counts = new Map<string, number>();
const file = createWriteStream(CORPUS_PATH);
for (let draw = 0; draw < DRAWS; draw++) {
  const conversation = trainingConversation(random);
  const key = JSON.stringify(conversation.messages);
  const repeat = repeats.get(key) ?? 0;
  if (repeat === MAX_REPEATS) continue;
  repeats.set(key, repeat + 1);
  counts.set(conversation.category, (counts.get(conversation.category) ?? 0) + 1);
  file.write(`${JSON.stringify(conversation)}\n`);
}
file.end();
await finished(file);
console.log(`${repeats.size} distinct conversations of ${DRAWS} draws`);
for (const [category, count] of counts) console.log(`  ${category}: ${count}`);
