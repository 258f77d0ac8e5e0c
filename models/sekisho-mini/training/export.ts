/** `npm run export`: writes the GGUF from the last checkpoint. */
import { statSync } from 'node:fs';
import { MINI_SHAPE, type ModelShape } from '../model-shape.ts';
import { Tokenizer } from '../tokenizer/tokenizer.ts';
import { CHECKPOINT_PATH, MODEL_PATH, TOKENIZER_PATH } from '../work-folder.ts';
import { writeModelFile } from './model-file.ts';
import { loadParameters } from './parameters.ts';

const tokenizer = Tokenizer.load(TOKENIZER_PATH);
const shape: ModelShape = { ...MINI_SHAPE, vocabulary: tokenizer.size };
writeModelFile(MODEL_PATH, shape, tokenizer, loadParameters(CHECKPOINT_PATH, shape));
console.log(`${(statSync(MODEL_PATH).size / 1e6).toFixed(1)} MB`);
