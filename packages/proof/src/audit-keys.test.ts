import type { LedgerEntry, LogKeyEntry } from '@sekisho/contract';
import { describe, expect, test } from 'vitest';
import { auditLog } from './audit-log.ts';
import type { AuditReport } from './audit-report.ts';
import { signCheckpoint } from './checkpoint.ts';
import { parseCheckpoint } from './checkpoint-body.ts';
import { parseNote } from './signed-note.ts';
import { crossingLog, logFiles } from './testing/audited-log.ts';
import { sampleOrigin } from './testing/sample-log.ts';
import { ed25519NoteSigner, formatKeyId, parseVerifierKeys } from './verifier-key.ts';

const signer = (number: number): ReturnType<typeof ed25519NoteSigner> =>
  ed25519NoteSigner(sampleOrigin, new Uint8Array(32).fill(number));
const [first, second, third] = [signer(1), signer(2), signer(3)];
type Signer = typeof first;

const keyEntry = (
  event: LogKeyEntry['event'],
  { verifierKey }: { readonly verifierKey: string },
  more: Partial<LogKeyEntry> = {},
): LogKeyEntry => ({
  version: 1,
  kind: 'log-key',
  time: '2026-04-01T00:00:00.000Z',
  principal: 'operator:admin',
  event,
  verifierKey,
  ...more,
});
/** Genesis, revision and three crossings: indexes 0 to 7. */
const eight = crossingLog([{}, {}, {}]);
const resigned = (note: string, ...signers: readonly Signer[]): string =>
  signCheckpoint(parseCheckpoint(parseNote(note).body), ...signers);
/** The checkpoint of the first entries. */
const noteOf = (entries: readonly LedgerEntry[], size: number, ...signers: readonly Signer[]): string =>
  resigned(logFiles(entries.slice(0, size), first).checkpoint, ...signers);

const audit = (
  entries: readonly LedgerEntry[],
  signers: readonly Signer[],
  given: readonly Signer[],
  older: readonly string[] = [],
): Promise<AuditReport> => {
  const files = logFiles(entries, first);
  files.checkpoint = resigned(files.checkpoint, ...signers);
  const keys = parseVerifierKeys(given.map(({ verifierKey }) => verifierKey).join('\n'));
  return auditLog(files.source, keys, { older });
};
const found = ({ findings }: AuditReport): [string, number | null][] =>
  findings.map(({ code, index }) => [code, index]);
const id = ({ keyId }: Signer): string => formatKeyId(keyId);

/** 8 introduces the second key, 9 and 10 retire or betray the first. */
const introduced = [...eight, keyEntry('introduced', second)];
const retired = [...introduced, keyEntry('retired', first)];

describe('a key that was retired', () => {
  test('signed the newest checkpoint alone', async () => {
    const report = await audit(retired, [first], [first]);
    expect(found(report)).toEqual([['checkpoint_key_revoked', 9]]);
    expect(report).toMatchObject({ firstBadIndex: 9, checkpoints: [{ standing: 'revoked' }] });
  });

  test('signed an older checkpoint of a tree that says so', async () => {
    const older = noteOf([...retired, ...crossingLog([])], 10, first);
    const report = await audit(retired, [second], [first, second], [older]);
    expect(found(report)).toEqual([['checkpoint_key_revoked', 9]]);
  });

  test('may sign beside one in force, and may have signed all trees before', async () => {
    expect(found(await audit(retired, [first, second], [first, second]))).toEqual([]);
    const older = [1, 8, 9].map((size) => noteOf(retired, size, first));
    const report = await audit(retired, [second], [first, second], older);
    expect(report).toMatchObject({ verdict: 'clean', continues: [1, 8, 9] });
  });
});

describe('a key that the auditor does not hold', () => {
  test('is trusted by a tree that a trusted key signed', async () => {
    const report = await audit(retired, [second], [first], [noteOf(retired, 9, first)]);
    expect(report).toMatchObject({
      verdict: 'clean',
      keys: [
        { keyId: id(first), trust: { kind: 'given' }, introducedAt: null, retiredAt: 9 },
        {
          keyId: id(second),
          trust: { kind: 'vouched', byKeyId: id(first), treeSize: 9 },
          introducedAt: 8,
          retiredAt: null,
        },
      ],
    });
  });

  test('is trusted along a chain of keys, whatever the order of checkpoints', async () => {
    const chain = [...retired, keyEntry('introduced', third), keyEntry('retired', second)];
    const [one, two] = [noteOf(chain, 9, first), noteOf(chain, 11, second)];
    expect((await audit(chain, [third], [first], [two, one])).verdict).toBe('clean');
    expect(found(await audit(chain, [third], [first], [one]))).toEqual([['checkpoint_untrusted', null]]);
  });

  test.each([
    ['of before its introduction', noteOf(retired, 8, first)],
    ['of after the retirement of the key that signed', noteOf(retired, 10, first)],
    ['of another history', noteOf([...eight.slice(0, 7), ...eight.slice(6)], 9, first)],
  ])('is not trusted by a tree %s', async (_, older) => {
    const codes = found(await audit(retired, [second], [first], [older])).map(([code]) => code);
    expect(codes).toContain('checkpoint_untrusted');
  });

  test('signs nothing before its introduction', async () => {
    const older = [noteOf(retired, 9, first), noteOf(retired, 8, second)];
    expect(found(await audit(retired, [second], [first], older))).toEqual([['checkpoint_key_early', 8]]);
  });

  test('does not take the place of a given key', async () => {
    // The auditor holds another second key: what the log introduces is not it.
    expect(found(await audit(introduced, [second], [third]))).toEqual([['checkpoint_untrusted', null]]);
  });

  test('may be the one that the log began with', async () => {
    expect(found(await audit(retired, [second], [second]))).toEqual([]);
  });
});

describe('a key that was compromised', () => {
  const betrayed = (trustedToSize?: number): LedgerEntry[] => [
    ...introduced,
    ...(trustedToSize === undefined
      ? [keyEntry('compromised', first)]
      : [keyEntry('compromised', first, { trustedToSize })]),
  ];

  test('leaves a range that it alone vouched for, with its crossings', async () => {
    const report = await audit(betrayed(4), [second], [first, second]);
    expect(report).toMatchObject({
      verdict: 'clean',
      compromised: [{ keyId: id(first), from: 4, to: 9, crossings: 2, alone: { from: 4, to: 8 } }],
    });
    expect((await audit(betrayed(), [second], [second])).compromised).toMatchObject([
      { from: 0, to: 9, crossings: 3 },
    ]);
  });

  test('counts the crossings of a long log exactly', async () => {
    const many = crossingLog(Array.from({ length: 600 }, () => ({})));
    const entries = [
      ...many,
      keyEntry('introduced', second),
      keyEntry('compromised', first, { trustedToSize: 701 }),
    ];
    const report = await audit(entries, [second], [second]);
    // Intents stand at 2, 4, ... 1200.
    expect(report.compromised).toMatchObject([{ from: 701, to: 1203, crossings: 250 }]);
  });

  test('vouches for no key in that range, and its checkpoints there prove nothing', async () => {
    const older = noteOf(betrayed(4), 9, first);
    expect(found(await audit(betrayed(4), [second], [first], [older]))).toEqual([
      ['checkpoint_untrusted', null],
    ]);
    const report = await audit(betrayed(4), [second], [first, second], [older]);
    expect(report).toMatchObject({
      verdict: 'clean',
      undecided: { byReason: { key: 1 } },
      checkpoints: [{ standing: 'good' }, { standing: 'doubtful', matches: true }],
    });
    expect((await audit(betrayed(9), [second], [first], [older])).verdict).toBe('clean');
  });

  test('may turn out so after it was retired', async () => {
    const late = [...retired, keyEntry('compromised', first, { trustedToSize: 9 })];
    expect(await audit(late, [second], [second])).toMatchObject({
      verdict: 'clean',
      compromised: [{ from: 9, to: 10, crossings: 0, alone: null }],
    });
  });
});

describe('entries about keys', () => {
  const other = ed25519NoteSigner('cell.example.jp/ledger/sapporo', new Uint8Array(32).fill(4));

  test.each<[string, readonly LedgerEntry[], readonly Signer[], [string, number | null][]]>([
    ['a key of another log', [...eight, keyEntry('introduced', other)], [first], [['log_key_foreign', 8]]],
    [
      'what is no key',
      [...eight, keyEntry('introduced', { verifierKey: `${sampleOrigin}+00000000+AAAA` })],
      [first],
      [['log_key_foreign', 8]],
    ],
    ['the key of the log again', [...eight, keyEntry('introduced', first)], [first], []],
    [
      'a key introduced twice',
      [...introduced, keyEntry('introduced', second)],
      [first],
      [['log_key_repeated', 9]],
    ],
    [
      'a retired key introduced again',
      [...retired, keyEntry('introduced', first)],
      [second],
      [['log_key_repeated', 10]],
    ],
    [
      'a key retired that never was in force',
      [...eight, keyEntry('retired', third)],
      [first],
      [['log_key_not_in_force', 8]],
    ],
    [
      'a key retired twice',
      [...retired, keyEntry('retired', first)],
      [second],
      [['log_key_not_in_force', 10]],
    ],
    [
      'the only key retired',
      [...eight, keyEntry('retired', first)],
      [first],
      [
        ['checkpoint_key_revoked', 8],
        ['log_without_key', 8],
      ],
    ],
  ])('%s', async (_, entries, signers, expected) => {
    // A key that is given and never spoken of may always sign: here only those that signed are given.
    const given = signers.includes(first) ? [first] : [first, second];
    const findings = found(await audit(entries, signers, given));
    expect(findings).toHaveLength(expected.length);
    expect(findings).toEqual(expect.arrayContaining(expected));
  });

  test('more than are judged', async () => {
    const pairs = Array.from({ length: 140 }, (_, n) => [
      keyEntry('introduced', signer(n + 50)),
      keyEntry('retired', signer(n + 50)),
    ]).flat();
    expect(found(await audit([...eight, ...pairs], [first], [first]))).toEqual([
      ['too_many_log_keys', 8 + 256],
    ]);
  });
});
