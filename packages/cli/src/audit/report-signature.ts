import { createHash } from 'node:crypto';
import { Refusal, signNote, verifyNote } from '@sekisho/proof';
import type { NoteSigner, VerifierKey } from '@sekisho/proof';

/**
 * Who made which report files, and when: a C2SP signed note.
 *
 *     sekisho-audit-report/v1
 *     time 2026-11-24T01:23:45.678Z
 *     sha256:{64 hexadecimal digits} {name of the file, as a JSON string}
 *     ...
 *
 * Its first line is no origin that a log could have, so it never passes for a checkpoint.
 */
const HEADING = 'sekisho-audit-report/v1';
const FILES_MAX = 16;

export interface ReportFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type ReportVerdict =
  | { readonly verdict: 'valid'; readonly time: string; readonly signedBy: readonly string[] }
  /** `signature`: not signed by a trusted key. `file`: another file was signed. `note`: no such signature. */
  | { readonly verdict: 'invalid'; readonly reason: 'note' | 'signature' | 'file' };

/** Seconds and names are the signer's word; the digests are what is signed. */
export function signReports(files: readonly ReportFile[], timeMs: number, signer: NoteSigner): string {
  const lines = files.map(({ name, bytes }) => `${digestOf(bytes)} ${nameOf(name)}`);
  return signNote([HEADING, `time ${new Date(timeMs).toISOString()}`, ...lines, ''].join('\n'), signer);
}

/** Whether one of the files that the note names has these bytes. The name of a file proves nothing. */
export function verifyReport(bytes: Uint8Array, note: string, keys: readonly VerifierKey[]): ReportVerdict {
  try {
    const { body, signedBy } = verifyNote(note, keys);
    // A witness's signature would be over something else.
    const signers = signedBy.filter(({ role }) => role === 'log').map(({ name }) => name);
    if (signers.length === 0) return { verdict: 'invalid', reason: 'signature' };
    const [heading, timeLine = '', ...lines] = body.split('\n');
    const time = /^time (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/.exec(timeLine)?.[1];
    if (heading !== HEADING || time === undefined || lines.pop() !== '' || lines.length > FILES_MAX) {
      return { verdict: 'invalid', reason: 'note' };
    }
    const digest = digestOf(bytes);
    if (!lines.some((line) => line.split(' ', 1)[0] === digest))
      return { verdict: 'invalid', reason: 'file' };
    return { verdict: 'valid', time, signedBy: signers };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { verdict: 'invalid', reason: error.code === 'note_malformed' ? 'note' : 'signature' };
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** JSON escapes every character that a note's body may not hold, and the line feed. */
function nameOf(name: string): string {
  return JSON.stringify(name).replaceAll('\u007f', '\\u007f');
}
