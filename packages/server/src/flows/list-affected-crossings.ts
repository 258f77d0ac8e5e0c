import { SekishoError } from '@sekisho/contract';
import type { AffectedCrossings, AffectedQuery } from '@sekisho/contract';
import type { Ledger, LogKey, LogName } from '../domains/ledger/index.ts';
import { parseEntry } from './read-ledger-entry.ts';
import { keyIdOf } from './rotate-log-key.ts';

const CROSSINGS_MAX = 1000;
/** Entries read for one page: a request must end. */
const ENTRIES_MAX = 50_000;

interface SizeRange {
  readonly fromSize: number;
  readonly toSize: number;
}

/**
 * What a compromised key leaves in doubt: the trees of more than `trustedToSize` leaves that it alone signed,
 * and the crossings whose receipts may rest on one of them. Without `earlier` these are the crossings whose
 * first checkpoint is in a range, so that every receipt fetched before another key signed is in doubt.
 * Earlier crossings' receipts are in doubt only if they were fetched meanwhile, which no cell records.
 */
export async function listAffectedCrossings(
  ledger: Ledger,
  log: LogName,
  { keyId, from, earlier }: AffectedQuery,
): Promise<AffectedCrossings> {
  const ranges = rangesOf(ledger.verifierKeys(log), keyId, `${log}/${keyId}`);
  const crossings: AffectedCrossings['crossings'] = [];
  const first = ranges[0];
  const last = ranges.at(-1);
  const answer = { log, keyId, ranges, crossings };
  if (first === undefined || last === undefined) return answer;
  // A tree of n leaves proves the entries below n.
  const begin = Math.max(from ?? 0, earlier ? 0 : first.fromSize - 1);
  const end = Math.min(last.toSize, begin + ENTRIES_MAX);
  for await (const { index, bytes } of ledger.readEntries(log, Math.min(begin, end), end)) {
    // Between two ranges another key signed, from the crossing's first checkpoint on.
    if (!earlier && !ranges.some(({ fromSize, toSize }) => fromSize <= index + 1 && index < toSize)) continue;
    const entry = parseEntry(bytes);
    if (entry.kind !== 'outcome') continue;
    if (crossings.length === CROSSINGS_MAX) return { ...answer, next: index };
    const { crossing, time, tenant, workspace } = entry;
    crossings.push({ crossing, index, time, tenant, workspace });
  }
  return end < last.toSize ? { ...answer, next: end } : answer;
}

/** Sizes above the trusted one at which no other key signed that still stands for such a tree. */
function rangesOf(keys: readonly LogKey[], keyId: string, name: string): SizeRange[] {
  const key = keys.find(({ verifierKey }) => keyIdOf(verifierKey) === keyId);
  if (key === undefined) throw new SekishoError('not_found', name);
  const { standing } = key;
  if (standing.state !== 'compromised') {
    throw new SekishoError('log_key_refused', {
      ja: 'この鍵は危殆化したと記録されていません。',
      en: 'This key is not on record as compromised.',
    });
  }
  const { fromSize, toSize, trustedToSize } = standing;
  let left: SizeRange[] = [{ fromSize: Math.max(fromSize, trustedToSize + 1, 1), toSize }];
  for (const other of keys) if (other !== key) left = left.flatMap((range) => without(range, vouched(other)));
  return left.filter((range) => range.fromSize <= range.toSize);
}

/** The trees that a key stands for. */
function vouched({ standing }: LogKey): SizeRange {
  switch (standing.state) {
    case 'pending':
      return { fromSize: Infinity, toSize: -1 };
    case 'signing':
      return { fromSize: standing.fromSize, toSize: Infinity };
    case 'retired':
      return standing;
    case 'compromised':
      return { fromSize: standing.fromSize, toSize: Math.min(standing.toSize, standing.trustedToSize) };
  }
}

function without(range: SizeRange, { fromSize, toSize }: SizeRange): SizeRange[] {
  if (toSize < range.fromSize || fromSize > range.toSize) return [range];
  return [
    { fromSize: range.fromSize, toSize: fromSize - 1 },
    { fromSize: toSize + 1, toSize: range.toSize },
  ].filter((part) => part.fromSize <= part.toSize);
}
