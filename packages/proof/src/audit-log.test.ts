import type { Boundary, LedgerEntry } from '@sekisho/contract';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeStanding } from './audit-boundary.ts';
import { auditLog } from './audit-log.ts';
import type { AuditReport } from './audit-report.ts';
import { hex } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import { leafHash } from './merkle-tree.ts';
import { parseVerifierKeys } from './verifier-key.ts';
import { crossingLog, firstEntries, logFiles, logFilesOfBytes, revision } from './testing/audited-log.ts';
import type { LogFiles } from './testing/audited-log.ts';
import { sampleCrossing, sampleOrigin, sampleSigner } from './testing/sample-log.ts';
import { ed25519NoteSigner } from './verifier-key.ts';

const keys = parseVerifierKeys(sampleSigner(sampleOrigin).verifierKey);
const audit = (files: LogFiles, older: readonly string[] = []): Promise<AuditReport> =>
  auditLog(files.source, keys, { older });
const found = ({ findings }: AuditReport): [string, number | null][] =>
  findings.map(({ code, index }) => [code, index]);
const foundIn = async (entries: readonly LedgerEntry[]) => found(await audit(logFiles(entries)));

const carriedIn = (place: string, operatorCountry = 'JP', kind: 'processing' | 'log' = 'processing') => ({
  carried: {
    endpoint: 'asahikawa-1-chat',
    copies: [{ kind, site: 'somewhere', place, operator: 'Somebody', operatorCountry }],
    assurance: 'declared' as const,
  },
});
const many = (count: number): LedgerEntry[] => crossingLog(Array.from({ length: count }, () => ({})));

describe('a clean log', () => {
  test('says what is in it, and what was used', async () => {
    const files = logFiles(many(200));
    expect(await audit(files)).toMatchObject({
      verdict: 'clean',
      log: { origin: sampleOrigin, size: 402 },
      entries: 402,
      kinds: { genesis: 1, revision: 1, intent: 200, outcome: 200 },
      findings: [],
      firstBadIndex: null,
      rulesJudgedToTheEnd: true,
      open: { total: 0 },
      undecided: { total: 0 },
      tiles: { compared: 3, missing: 0 },
      usage: [
        {
          workspace: 'madoguchi',
          model: 'small-chat',
          crossings: 200,
          inputTokens: 8400,
          outputTokens: 3400,
          amountYen: '0.304',
        },
      ],
    });
  });

  test('counts as usage what was carried or has tokens', async () => {
    const none = { inputTokens: 0, outputTokens: 0, estimated: false, amountYen: '0' };
    const entries = crossingLog([
      { outcome: { result: 'interrupted', usage: none }, without: 'carried and answer' },
      { outcome: { result: 'failed', usage: none }, without: 'answer' },
      { outcome: { result: 'failed' }, without: 'carried' },
    ]);
    expect((await audit(logFiles(entries))).usage).toMatchObject([{ crossings: 2, inputTokens: 42 }]);
  });

  test.each([1, 2, 255, 256, 257, 512, 513])('of %d entries is read to its end', async (size) => {
    const files = logFiles(many(256).slice(0, size));
    expect(await audit(files)).toMatchObject({ verdict: 'clean', entries: size });
  });

  test('without tiles is judged as well, and says so', async () => {
    const files = logFiles(many(3));
    files.tiles.clear();
    expect(await audit(files)).toMatchObject({ verdict: 'clean', tiles: { compared: 0, missing: 1 } });
  });

  test('continues what it showed before', async () => {
    const older = [2, 256, 1, 300, 402].map((size) => logFiles(many(200).slice(0, size)).checkpoint);
    const report = await audit(logFiles(many(200)), older);
    expect(report).toMatchObject({ verdict: 'clean', continues: [1, 2, 256, 300, 402] });
  });

  test('tells how far it is', async () => {
    const steps: unknown[] = [];
    await auditLog(logFiles(many(200)).source, keys, { onProgress: (progress) => steps.push(progress) });
    expect(steps).toEqual([
      { entries: 256, of: 402 },
      { entries: 402, of: 402 },
    ]);
  });
});

describe('what was signed', () => {
  test('an edited row', async () => {
    const files = logFiles(many(200));
    const at = Buffer.from(files.bundles[1]!).indexOf('"inputTokens":42');
    files.bundles[1]![at + 15] = '9'.charCodeAt(0);
    expect(found(await audit(files))).toEqual([
      ['tile_mismatch', 257],
      ['root_mismatch', 257],
    ]);
  });

  test('an edited row whose tiles were made to fit', async () => {
    const files = logFiles(many(3));
    const edited = logFiles(
      crossingLog([
        {},
        { outcome: { usage: { inputTokens: 1, outputTokens: 1, estimated: false, amountYen: '0' } } },
        {},
      ]),
    );
    edited.checkpoint = files.checkpoint;
    expect(found(await audit(edited))).toEqual([['root_mismatch', 0]]);
    // A checkpoint of before narrows it down.
    const before = logFiles(many(1)).checkpoint;
    expect(found(await audit(edited, [before]))).toEqual([['root_mismatch', 4]]);
  });

  test('a deleted entry', async () => {
    const files = logFiles(many(200));
    const without = logFiles(many(200).filter((_, index) => index !== 300));
    without.checkpoint = files.checkpoint;
    without.tiles.clear();
    for (const [name, tile] of files.tiles) without.tiles.set(name, tile);
    const report = await audit(without);
    expect(report).toMatchObject({ verdict: 'findings', firstBadIndex: 300 });
    expect(found(report)).toEqual([['bundle_malformed', 300]]);
  });

  test('a truncated tail', async () => {
    const files = logFiles(many(200));
    files.bundles.pop();
    expect(found(await audit(files))).toEqual([['bundle_missing', 256]]);
  });

  test('a fork shown to two auditors, by the checkpoint that the other one holds', async () => {
    const other = crossingLog([{}, { outcome: { status: 201 } }, {}]);
    const mine = logFiles(many(200));
    expect(found(await audit(mine, [logFiles(other).checkpoint]))).toEqual([['fork', 0]]);
    const shared = [logFiles(other).checkpoint, logFiles(many(1)).checkpoint];
    expect(found(await audit(mine, shared))).toEqual([['fork', 4]]);
    expect(found(await audit(mine, [logFiles(other.slice(0, 4)).checkpoint]))).toEqual([]);
  });

  test('a log rolled back', async () => {
    const report = await audit(logFiles(many(2)), [logFiles(many(3)).checkpoint]);
    expect(found(report)).toEqual([['log_shrank', 6]]);
  });

  test('a checkpoint of an unknown key, and of a key that is no longer trusted under the same name', async () => {
    const stranger = logFiles(many(1), sampleSigner('cell.example.com/ledger/asahikawa'));
    expect(found(await audit(stranger))).toEqual([
      ['genesis_misplaced', 0],
      ['checkpoint_untrusted', null],
    ]);
    const replaced = logFiles(many(1), ed25519NoteSigner(sampleOrigin, new Uint8Array(32).fill(7)));
    expect(found(await audit(replaced))).toEqual([['checkpoint_untrusted', null]]);
    expect(found(await audit(logFiles(many(1)), [replaced.checkpoint]))).toEqual([['older_untrusted', null]]);
  });

  test('a checkpoint of another log of the same cell', async () => {
    const other = sampleSigner('cell.example.jp/ledger/sapporo');
    const { checkpoint } = logFiles(many(1), other);
    const both = [...keys, ...parseVerifierKeys(other.verifierKey)];
    const report = await auditLog(logFiles(many(1)).source, both, { older: [checkpoint] });
    expect(found(report)).toEqual([['older_of_another_log', null]]);
  });

  test('a checkpoint that is none', async () => {
    const files = logFiles(many(1));
    files.checkpoint = 'nothing\n';
    expect(await audit(files)).toMatchObject({
      log: null,
      entries: 0,
      findings: [{ code: 'checkpoint_malformed' }],
    });
  });

  test.each([
    ['0/0', 100, 100],
    ['0/1', 0, 256],
    ['1/0', 0, 0],
  ])('an altered tile %s', async (tile, hash, index) => {
    const files = logFiles(many(200));
    files.tiles.get(tile)![hash * 32 + 31]! ^= 1;
    expect(found(await audit(files))).toEqual([['tile_mismatch', index]]);
  });

  test('any flipped byte of any bundle', async () => {
    const entries = many(130);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (place, flip, last) => {
          const files = logFiles(entries);
          files.tiles.clear();
          const bundle = files.bundles[last ? 1 : 0]!;
          bundle[place % bundle.length]! ^= flip;
          expect((await audit(files)).verdict).toBe('findings');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what entries say', () => {
  const at = (time: string): { readonly time: string } => ({ time: `2026-04-01T${time}.000Z` });

  test.each<[string, readonly LedgerEntry[], [string, number][]]>([
    ['a log without genesis', many(1).slice(1, 2), [['genesis_misplaced', 0]]],
    ['a second genesis', [...many(1), many(0)[0]!], [['genesis_misplaced', 4]]],
    [
      'the genesis of another log',
      [{ version: 1, kind: 'genesis', time: at('00:00:00').time, origin: 'cell.example.jp/ledger/sapporo' }],
      [['genesis_misplaced', 0]],
    ],
    [
      'time that runs back by more than a minute',
      [
        { ...many(0)[0]!, ...at('00:02:00') },
        { ...many(0)[1]!, ...at('00:00:59') },
      ],
      [['time_backwards', 1]],
    ],
    ['time that runs back by a minute', [{ ...many(0)[0]!, ...at('00:01:00') }, many(0)[1]!], []],
    ['a revision again at a start', [...firstEntries(), revision(3), revision(4)], []],
    ['a revision that goes back', [...firstEntries(), revision(2)], [['revision_backwards', 2]]],
    [
      'two contents of a revision',
      [...firstEntries(), { ...revision(3), platformDigest: `sha256:${'0'.repeat(64)}` }],
      [['revision_backwards', 2]],
    ],
    [
      "another tenant's crossing",
      [...firstEntries(), { ...sampleCrossing(0, 2).intent, tenant: 'sapporo' }],
      [['foreign_tenant', 2]],
    ],
    [
      'an outcome without intent',
      [...firstEntries(), sampleCrossing(0, 1).outcome],
      [['outcome_without_intent', 2]],
    ],
    [
      'an outcome of a later intent',
      [...firstEntries(), sampleCrossing(0, 3).outcome, sampleCrossing(0, 3).intent],
      [['outcome_without_intent', 2]],
    ],
    [
      'an outcome of another intent',
      [
        ...many(1),
        sampleCrossing(1, 4).intent,
        { ...sampleCrossing(1, 4).outcome, intent: sampleCrossing(0, 4).outcome.intent },
      ],
      [['outcome_without_intent', 5]],
    ],
    ['an intent with two outcomes', [...many(1), sampleCrossing(0, 2).outcome], [['outcome_repeated', 4]]],
    [
      'an outcome with other facts',
      crossingLog([{ outcome: { purpose: 'another', policies: [] } }]),
      [['outcome_differs', 3]],
    ],
    [
      'an endpoint that the intent does not name',
      crossingLog([{ outcome: { carried: { ...carriedIn('JP').carried, endpoint: 'another' } } }]),
      [['carried_elsewhere', 3]],
    ],
    [
      'a denied crossing that carried',
      crossingLog([{ outcome: { result: 'denied' } }]),
      [['denied_but_carried', 3]],
    ],
  ])('%s', async (_, entries, findings) => {
    expect(await foundIn(entries)).toEqual(findings);
  });

  test('a crossing whose intent was denied carried', async () => {
    const { intent: allowed, outcome } = sampleCrossing(0, 2);
    const intent = { ...allowed, decision: 'deny' as const, targets: [] };
    const reference = { index: 2, leafHash: `sha256:${hex(leafHash(canonicalJson(intent)))}` };
    const entries = [...firstEntries(), intent, { ...outcome, intent: reference }];
    expect(await foundIn(entries)).toEqual([['denied_but_carried', 3]]);
    const { carried: _, ...denied } = { ...outcome, intent: reference, result: 'denied' as const };
    expect(await foundIn([...firstEntries(), intent, denied])).toEqual([]);
  });

  test('an open intent is listed, and found when the log goes on for more than an hour', async () => {
    const entries = [...firstEntries(), sampleCrossing(0, 2).intent];
    const inAnHour = { ...revision(4), ...at('01:00:00') };
    expect(await audit(logFiles([...entries, inAnHour]))).toMatchObject({
      verdict: 'clean',
      open: { total: 1, first: [{ index: 2, crossing: sampleCrossing(0, 2).intent.crossing }] },
    });
    expect(await foundIn([...entries, { ...inAnHour, time: '2026-04-01T01:00:00.001Z' }])).toEqual([
      ['intent_left_open', 2],
    ]);
  });

  test('bytes that are no entry', async () => {
    const [genesis, ...rest] = many(1).map((entry) => canonicalJson(entry));
    const spaced = Buffer.from(JSON.stringify(many(0)[1], null, 1));
    const unknown = canonicalJson({ kind: 'festival', version: 1 });
    expect(found(await audit(logFilesOfBytes([genesis!, spaced, unknown, ...rest.slice(0, 1)])))).toEqual([
      ['entry_not_canonical', 1],
      ['entry_malformed', 2],
    ]);
  });

  test('so much that it stops judging, and still hashes to the end', async () => {
    const entries = [...firstEntries(), ...Array.from({ length: 1100 }, () => sampleCrossing(0, 1).outcome)];
    const report = await audit(logFiles(entries));
    expect(report).toMatchObject({ entries: 1102, rulesJudgedToTheEnd: false });
    expect(report.findings).toHaveLength(1000);
  });
});

describe('the boundary in force', () => {
  const judge = async (boundary: Partial<Boundary>, outcome: ReturnType<typeof carriedIn>) => {
    const crossing = sampleCrossing(0, 2, { outcome });
    const report = await audit(logFiles([...firstEntries(boundary), crossing.intent, crossing.outcome]));
    const undecided = report.undecided.first.map(({ reason }) => reason);
    return [...report.findings.map(({ code }) => code), ...undecided];
  };

  test.each<[string, Partial<Boundary>, ReturnType<typeof carriedIn>, string[]]>([
    ['inside', { allow: { process: ['JP-01'] } }, carriedIn('012041'), []],
    ['outside', { allow: { process: ['JP-13'] } }, carriedIn('012041'), ['outside_boundary']],
    ['abroad', {}, carriedIn('US', 'US'), ['outside_boundary']],
    [
      'of an action that is not listed',
      { allow: { process: ['JP'] } },
      carriedIn('JP', 'JP', 'log'),
      ['outside_boundary'],
    ],
    [
      'of a copy under its own action',
      { allow: { process: ['US'], store: ['JP'] } },
      carriedIn('JP', 'JP', 'log'),
      [],
    ],
    ['run from abroad', { operatorCountries: ['JP'] }, carriedIn('JP', 'US'), ['operator_not_allowed']],
    ['shown too weakly', { minimumAssurance: 'hardware-attested' }, carriedIn('JP'), ['assurance_too_low']],
    [
      'of sites with certificates',
      { requiredCertifications: ['ISMAP'] },
      carriedIn('JP'),
      ['certifications'],
    ],
    ['of a city and its ward', { allow: { process: ['011002'] } }, carriedIn('011011'), ['place']],
  ])('%s', async (_, boundary, outcome, expected) => {
    expect(await judge(boundary, outcome)).toEqual(expected);
  });

  const abroad = (n: number, index: number, platformRevision: number): LedgerEntry[] => {
    const { intent: before, outcome } = sampleCrossing(n, index, { outcome: carriedIn('US') });
    const intent = { ...before, platformRevision };
    const reference = { index, leafHash: `sha256:${hex(leafHash(canonicalJson(intent)))}` };
    return [intent, { ...outcome, platformRevision, intent: reference }];
  };
  const widened = revision(4, { allow: { process: ['US'] } });

  test('is the one of the revision that decided, also beside a newer one', async () => {
    expect(await foundIn([...firstEntries(), widened, ...abroad(0, 3, 4), ...abroad(1, 5, 3)])).toEqual([
      ['outside_boundary', 6],
    ]);
  });

  test('is on record before the intent', async () => {
    const [intent, outcome] = abroad(0, 2, 4);
    expect(await foundIn([...firstEntries(), intent!, widened, outcome!])).toEqual([['boundary_missing', 4]]);
  });

  test('does not know a workspace by a name that every object has', async () => {
    const { intent: before, outcome } = sampleCrossing(0, 2);
    const intent = { ...before, workspace: 'constructor' };
    const reference = { index: 2, leafHash: `sha256:${hex(leafHash(canonicalJson(intent)))}` };
    expect(
      await foundIn([...firstEntries(), intent, { ...outcome, workspace: 'constructor', intent: reference }]),
    ).toEqual([['boundary_missing', 3]]);
  });
});

test.each([
  ['JP', 'JP', 'inside'],
  ['JP', 'JP-13', 'inside'],
  ['JP', '131016', 'inside'],
  ['JP-13', '131016', 'inside'],
  ['JP-01', '131016', 'outside'],
  ['JP-13', 'JP', 'outside'],
  ['131016', 'JP-13', 'outside'],
  ['US', 'JP-13', 'outside'],
  ['JP', 'US', 'outside'],
  ['131016', '131024', 'outside'],
  ['012041', '012351', 'outside'],
  ['011002', '011011', 'undecided'],
  ['011011', '011002', 'outside'],
  ['271004', '011011', 'outside'],
  ['JP', '991010', 'undecided'],
])('of %s: %s is %s', (outer, place, standing) => {
  expect(placeStanding(outer, place)).toBe(standing);
});
