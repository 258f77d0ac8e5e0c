/** Where generated files go; never committed. SEKISHO_MINI_WORK moves it elsewhere. */
import { join } from 'node:path';

export const MODEL_FOLDER = import.meta.dirname;
export const WORK_FOLDER = process.env['SEKISHO_MINI_WORK'] ?? join(MODEL_FOLDER, '.work');

export const CORPUS_PATH = join(WORK_FOLDER, 'corpus.jsonl');
export const TOKENIZER_PATH = join(WORK_FOLDER, 'tokenizer.json');
export const CHECKPOINT_PATH = join(WORK_FOLDER, 'checkpoint.f32');
export const MODEL_PATH = join(MODEL_FOLDER, 'sekisho-mini.gguf');
