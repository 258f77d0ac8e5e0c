/** Turns trained parameters and a tokenizer into the GGUF that llama.cpp serves. */
import { renameSync, writeFileSync } from 'node:fs';
import { MINI_LABEL, parameterDims, type ModelShape } from '../model-shape.ts';
import { CHAT_TEMPLATE } from '../tokenizer/chat-format.ts';
import { isByteToken } from '../tokenizer/learn-pieces.ts';
import { TOKEN, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { encodeGguf, type GgufTensor, type MetadataValue } from './gguf.ts';
import type { Parameters } from './parameters.ts';

/** llama.cpp's llama_token_type. */
const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;
/** llama.cpp's llama_ftype for "mostly f16". */
const FILE_TYPE_F16 = 1;

/** Writes beside the target and renames, so that a reader never sees half a file. */
export function writeModelFile(
  path: string,
  shape: ModelShape,
  tokenizer: Tokenizer,
  parameters: Parameters,
): void {
  const tensors: GgufTensor[] = [];
  for (const [name, dims] of parameterDims(shape)) {
    const data = parameters.get(name);
    if (data === undefined) throw new Error(`parameter ${name} is missing`);
    // Norm weights are vectors; llama.cpp expects those in f32.
    const type = dims.length === 1 ? 'f32' : 'f16';
    tensors.push({ name: `${name}.weight`, dims, data, type });
  }
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, encodeGguf(modelMetadata(shape, tokenizer), tensors));
  renameSync(temporary, path);
}

function modelMetadata(shape: ModelShape, tokenizer: Tokenizer): Map<string, MetadataValue> {
  const text = (value: string): MetadataValue => ({ type: 'string', value });
  const count = (value: number): MetadataValue => ({ type: 'u32', value });
  const real = (value: number): MetadataValue => ({ type: 'f32', value });
  const flag = (value: boolean): MetadataValue => ({ type: 'bool', value });
  return new Map<string, MetadataValue>([
    ['general.architecture', text('llama')],
    ['general.name', text('sekisho-mini')],
    ['general.description', text(MINI_LABEL)],
    ['general.license', text('apache-2.0')],
    ['general.file_type', count(FILE_TYPE_F16)],
    ['llama.context_length', count(shape.context)],
    ['llama.embedding_length', count(shape.width)],
    ['llama.block_count', count(shape.layers)],
    ['llama.feed_forward_length', count(shape.hidden)],
    ['llama.attention.head_count', count(shape.heads)],
    ['llama.attention.head_count_kv', count(shape.heads)],
    ['llama.attention.layer_norm_rms_epsilon', real(shape.normEpsilon)],
    ['llama.rope.dimension_count', count(shape.width / shape.heads)],
    ['llama.rope.freq_base', real(shape.ropeBase)],
    ['llama.vocab_size', count(shape.vocabulary)],
    ['tokenizer.ggml.model', text('llama')],
    ['tokenizer.ggml.pre', text('default')],
    ['tokenizer.ggml.tokens', { type: 'strings', value: tokenizer.pieces }],
    ['tokenizer.ggml.scores', { type: 'f32s', value: tokenizer.scores }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: tokenizer.pieces.map((_, id) => tokenType(id)) }],
    ['tokenizer.ggml.unknown_token_id', count(TOKEN.unknown)],
    ['tokenizer.ggml.bos_token_id', count(TOKEN.begin)],
    ['tokenizer.ggml.eos_token_id', count(TOKEN.end)],
    ['tokenizer.ggml.eot_token_id', count(TOKEN.messageEnd)],
    ['tokenizer.ggml.add_bos_token', flag(true)],
    ['tokenizer.ggml.add_eos_token', flag(false)],
    ['tokenizer.ggml.add_space_prefix', flag(false)],
    ['tokenizer.chat_template', text(CHAT_TEMPLATE)],
  ]);
}

function tokenType(id: number): number {
  if (id === TOKEN.unknown) return TOKEN_TYPE.unknown;
  if (id <= TOKEN.messageEnd) return TOKEN_TYPE.control;
  return isByteToken(id) ? TOKEN_TYPE.byte : TOKEN_TYPE.normal;
}
