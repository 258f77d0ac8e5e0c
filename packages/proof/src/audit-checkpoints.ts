import { keyStanding, revokedAt } from './audit-keys.ts';
import type { KeyLife, KeyStanding, KeyTimeline } from './audit-keys.ts';
import type { AuditRecord } from './audit-record.ts';
import type { AuditedCheckpoint } from './audit-report.ts';
import type { AuditSource } from './audit-source.ts';
import type { ClaimedRoot } from './audit-tree.ts';
import { base64 } from './byte-encodings.ts';
import { parseCheckpoint } from './checkpoint-body.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import { Refusal } from './refusal.ts';
import { parseNote } from './signed-note.ts';
import type { VerifierKey } from './verifier-key.ts';
import { formatKeyId } from './verifier-key.ts';

/** A note of this log that was read; by whom it is signed is judged after the last entry, which may say so. */
export interface ReadNote {
  readonly source: AuditedCheckpoint['source'];
  readonly number: number;
  readonly note: string;
  readonly checkpoint: Checkpoint;
  matches: boolean | null;
  /** Leaves that are known to be those that the note counts. */
  agreed: number;
}

const OLDER_MAX = 1000;

/** All signed notes of one log that an audit was given. */
export class AuditedNotes {
  readonly newest: ReadNote | undefined;
  readonly witnessed: ReadNote | undefined;
  readonly older: readonly ReadNote[];
  readonly #record: AuditRecord;

  constructor(
    { checkpoint, witnessed }: Pick<AuditSource, 'checkpoint' | 'witnessed'>,
    older: readonly string[],
    keys: readonly VerifierKey[],
    record: AuditRecord,
  ) {
    if (older.length > OLDER_MAX) throw new RangeError(`at most ${OLDER_MAX} checkpoints to compare with`);
    this.#record = record;
    this.newest = this.#read('newest', 0, checkpoint);
    const cosigned = witnessed === undefined ? undefined : this.#read('witnessed', 0, witnessed);
    this.witnessed = cosigned !== undefined && this.#isOfThisLog(cosigned, keys) ? cosigned : undefined;
    const read = older.flatMap((note, at) => this.#read('older', at + 1, note) ?? []);
    this.older = read.filter((each) => this.#isOfThisLog(each, keys));
  }

  /** Those that the tree reaches, to be compared on the way. The newest is compared when all is read. */
  claims(): ClaimedRoot[] {
    const size = this.newest?.checkpoint.size ?? -1;
    return this.#compared()
      .filter(({ checkpoint }) => checkpoint.size <= size)
      .map((note) => ({
        size: note.checkpoint.size,
        root: note.checkpoint.root,
        compared: (matches, agreed) => Object.assign(note, { matches, agreed }),
      }));
  }

  /** Notes whose root the entries lead to. */
  matching(): ReadNote[] {
    return this.#all().filter(({ matches }) => matches === true);
  }

  /** Judges who signed each, once the timeline is resolved. */
  judge(timeline: KeyTimeline): AuditedCheckpoint[] {
    return this.#all().map((note) => {
      const { signers, bad } = timeline.signersOf(note.note);
      const best = bad ? undefined : bestSigner(signers, note.checkpoint.size);
      if (best === undefined) this.#untrusted(note, bad);
      else this.#trusted(note, best);
      return {
        source: note.source,
        number: note.number,
        size: note.checkpoint.size,
        root: base64(note.checkpoint.root),
        signedBy: bad ? [] : signers.map(({ key }) => formatKeyId(key.keyId)),
        standing: best?.standing ?? 'untrusted',
        matches: note.matches,
      };
    });
  }

  #all(): ReadNote[] {
    return [...(this.newest === undefined ? [] : [this.newest]), ...this.#compared()];
  }

  #compared(): ReadNote[] {
    return [...(this.witnessed === undefined ? [] : [this.witnessed]), ...this.older];
  }

  #read(source: ReadNote['source'], number: number, note: string): ReadNote | undefined {
    try {
      const checkpoint = parseCheckpoint(parseNote(note).body);
      return { source, number, note, checkpoint, matches: null, agreed: 0 };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (source === 'newest') this.#record.foundWhole('checkpoint_malformed', null, error.code);
      else if (source === 'witnessed') this.#record.foundWhole('witnessed_invalid', null, error.code);
      else this.#record.foundWhole('older_untrusted', null, `number ${number} ${error.code}`);
      return undefined;
    }
  }

  #isOfThisLog({ source, checkpoint, note, number }: ReadNote, keys: readonly VerifierKey[]): boolean {
    if (this.newest === undefined || checkpoint.origin === this.newest.checkpoint.origin) return true;
    if (source === 'witnessed') {
      this.#record.foundWhole('witnessed_invalid', null, checkpoint.origin);
      return false;
    }
    const refusal = refusalOf(note, keys);
    if (refusal === undefined) {
      this.#record.foundWhole('older_of_another_log', null, `number ${number} ${checkpoint.origin}`);
    } else this.#record.foundWhole('older_untrusted', null, `number ${number} ${refusal}`);
    return false;
  }

  /** Whoever wrote it, its root is nobody's word. */
  #untrusted({ source, number }: ReadNote, bad: boolean): void {
    const code = bad ? 'note_signature_invalid' : 'note_unsigned';
    if (source === 'newest') this.#record.foundWhole('checkpoint_untrusted', null, code);
    else if (source === 'witnessed') this.#record.foundWhole('witnessed_invalid', null, code);
    else this.#record.foundWhole('older_untrusted', null, `number ${number} ${code}`);
  }

  #trusted(note: ReadNote, { life, standing }: BestSigner): void {
    const { checkpoint, matches, agreed, source } = note;
    const { size } = checkpoint;
    const name = source === 'older' ? `number ${note.number}` : source;
    const keyId = formatKeyId(life.key.keyId);
    this.#record.did('signatures');
    if (standing === 'revoked') {
      this.#record.foundWhole('checkpoint_key_revoked', revokedAt(life), `${name} size ${size} ${keyId}`);
    }
    if (standing === 'early') {
      this.#record.foundWhole('checkpoint_key_early', life.introducedAt, `${name} size ${size} ${keyId}`);
    }
    if (standing === 'doubtful') {
      const from = life.compromised?.trustedToSize ?? 0;
      this.#record.cannotDecide(from, 'key', `${name} size ${size} ${keyId}`);
    }
    if (source === 'newest') return;
    const newestSize = this.newest?.checkpoint.size;
    if (newestSize !== undefined && size > newestSize) {
      this.#record.foundWhole('log_shrank', newestSize, `${name} ${newestSize} / ${size}`);
      return;
    }
    if (matches !== null) this.#record.did('consistency');
    if (matches === false) this.#record.foundWhole('fork', agreed, `${name} ${agreed}-${size - 1} ${keyId}`);
  }
}

interface BestSigner {
  readonly life: KeyLife;
  readonly standing: KeyStanding;
}

const bestFirst: readonly KeyStanding[] = ['good', 'doubtful', 'revoked', 'early'];

/** A signature that counts makes one that does not count harmless. */
function bestSigner(signers: readonly KeyLife[], size: number): BestSigner | undefined {
  const [best] = signers
    .map((life) => ({ life, standing: keyStanding(life, size) }))
    .toSorted((a, b) => bestFirst.indexOf(a.standing) - bestFirst.indexOf(b.standing));
  return best;
}

function refusalOf(note: string, keys: readonly VerifierKey[]): string | undefined {
  try {
    verifyCheckpoint(note, keys);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
