/**
 * A SentencePiece-style BPE tokenizer with byte fallback, encoding exactly as llama.cpp's "llama"
 * (SPM) tokenizer does: start from characters, repeatedly join the adjacent pair whose joined
 * text is the highest-scoring piece (leftmost on a tie), and spell what is left over as bytes.
 */
import { readFileSync } from 'node:fs';

export interface TokenizerFile {
  /** Index is the token id. */
  pieces: string[];
  /** Higher joins earlier. */
  scores: number[];
}

export const TOKEN = { unknown: 0, begin: 1, end: 2, messageStart: 3, messageEnd: 4 } as const;
export const FIRST_BYTE_TOKEN = 5;
export const SPECIAL_PIECES = ['<unk>', '<s>', '</s>', '<|im_start|>', '<|im_end|>'];
/** SentencePiece's stand-in for a space. */
export const SPACE_MARK = '▁';

export class Tokenizer {
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  private readonly idsByPiece: Map<string, number>;

  constructor(file: TokenizerFile) {
    this.pieces = file.pieces;
    this.scores = file.scores;
    this.idsByPiece = new Map();
    // Control and byte pieces are never reached by joining text.
    for (let id = FIRST_BYTE_TOKEN + 256; id < file.pieces.length; id++) {
      this.idsByPiece.set(file.pieces[id], id);
    }
  }

  static load(path: string): Tokenizer {
    // Our own output, written a moment ago by `npm run tokenizer`.
    const file: TokenizerFile = JSON.parse(readFileSync(path, 'utf8'));
    return new Tokenizer(file);
  }

  get size(): number {
    return this.pieces.length;
  }

  encode(text: string): number[] {
    const symbols = Array.from(text.replaceAll(' ', SPACE_MARK));
    for (;;) {
      const position = this.bestJoin(symbols);
      if (position < 0) break;
      symbols.splice(position, 2, symbols[position] + symbols[position + 1]);
    }
    return symbols.flatMap((symbol) => this.idsOf(symbol));
  }

  decode(ids: readonly number[]): string {
    const bytes: number[] = [];
    for (const id of ids) {
      if (id < FIRST_BYTE_TOKEN) continue;
      if (id < FIRST_BYTE_TOKEN + 256) bytes.push(id - FIRST_BYTE_TOKEN);
      else bytes.push(...Buffer.from(this.pieces[id].replaceAll(SPACE_MARK, ' '), 'utf8'));
    }
    return Buffer.from(bytes).toString('utf8');
  }

  /** Left index of the pair to join next, or -1. */
  private bestJoin(symbols: readonly string[]): number {
    let best = -1;
    let bestScore = -Infinity;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const id = this.idsByPiece.get(symbols[i] + symbols[i + 1]);
      if (id !== undefined && this.scores[id] > bestScore) {
        best = i;
        bestScore = this.scores[id];
      }
    }
    return best;
  }

  private idsOf(symbol: string): number[] {
    const id = this.idsByPiece.get(symbol);
    if (id !== undefined) return [id];
    return Array.from(Buffer.from(symbol, 'utf8'), (byte) => FIRST_BYTE_TOKEN + byte);
  }
}
