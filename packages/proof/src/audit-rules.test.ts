import type {
  DataClass,
  ErasureEntry,
  HoldEntry,
  IntentEntry,
  LedgerEntry,
  OutcomeEntry,
  RevisionEntry,
} from '@sekisho/contract';
import { describe, expect, test } from 'vitest';
import { auditLog } from './audit-log.ts';
import type { AuditReport } from './audit-report.ts';
import { hex } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import { leafHash } from './merkle-tree.ts';
import { firstEntries, logFiles, revision } from './testing/audited-log.ts';
import { sampleCrossing, sampleOrigin, sampleSigner } from './testing/sample-log.ts';
import { parseVerifierKeys } from './verifier-key.ts';

const keys = parseVerifierKeys(sampleSigner(sampleOrigin).verifierKey);
const audit = (entries: readonly LedgerEntry[]): Promise<AuditReport> =>
  auditLog(logFiles(entries).source, keys);
const foundIn = async (entries: readonly LedgerEntry[]): Promise<[string, number | null][]> =>
  (await audit(entries)).findings.map(({ code, index }) => [code, index]);

/** An intent at `index` and its outcome, which repeats what is changed in both. */
const crossing = (
  n: number,
  index: number,
  both: Partial<IntentEntry> & Partial<OutcomeEntry> = {},
  only: { readonly intent?: Partial<IntentEntry>; readonly outcome?: Partial<OutcomeEntry> } = {},
): [IntentEntry, OutcomeEntry] => {
  const sample = sampleCrossing(n, index);
  const intent: IntentEntry = { ...sample.intent, ...(both as Partial<IntentEntry>), ...only.intent };
  const reference = { index, leafHash: `sha256:${hex(leafHash(canonicalJson(intent)))}` };
  const outcome = {
    ...sample.outcome,
    ...(both as Partial<OutcomeEntry>),
    intent: reference,
    ...only.outcome,
  };
  return [intent, outcome];
};
const without = (outcome: OutcomeEntry): OutcomeEntry => {
  const { carried: _, answer: __, ...rest } = outcome;
  return rest;
};
const at = (time: string): string => `2026-04-01T${time}.000Z`;

describe('by what a crossing was decided', () => {
  const otherDigest = `sha256:${'7'.repeat(64)}`;
  const digestOf = (entry: RevisionEntry, policyDigest: string): RevisionEntry => ({
    ...entry,
    policyDigest,
  });

  test('a data class that the workspace may not use', async () => {
    const dataClass: DataClass = 'my-number';
    expect(await foundIn([...firstEntries(), ...crossing(0, 2, { dataClass })])).toEqual([
      ['data_class_not_allowed', 2],
    ]);
    const denied = crossing(0, 2, { dataClass }, { intent: { decision: 'deny', targets: [] } });
    expect(
      await foundIn([...firstEntries(), denied[0], without({ ...denied[1], result: 'denied' })]),
    ).toEqual([]);
  });

  test('a revision that does not say which classes', async () => {
    const { dataClasses: _, presets: __, ...old } = revision(3);
    const report = await audit([firstEntries()[0]!, old, ...crossing(0, 2)]);
    expect(report).toMatchObject({
      verdict: 'clean',
      undecided: { total: 1, byReason: { 'data-class': 1 }, first: [{ index: 2 }] },
    });
    expect(report.checks.find(({ check }) => check === 'decisions')).toMatchObject({ result: 'undecided' });
  });

  test('a revision that was no longer the newest, beyond a minute', async () => {
    const newer = { ...revision(4), time: at('00:10:00') };
    const late = (time: string): LedgerEntry[] => [
      ...firstEntries(),
      newer,
      ...crossing(0, 3, { time: at(time) }),
    ];
    expect(await foundIn(late('00:11:00'))).toEqual([]);
    expect(await foundIn(late('00:11:01'))).toEqual([['revision_not_newest', 3]]);
    // A start records the same revision again: it was in force all the time.
    const again = { ...newer, time: at('01:00:00') };
    expect(
      await foundIn([...firstEntries(), newer, again, ...crossing(0, 4, { time: at('01:00:01') })]),
    ).toEqual([['revision_not_newest', 4]]);
  });

  test('other policies than those of the revision', async () => {
    expect(await foundIn([...firstEntries(), ...crossing(0, 2, { policyDigest: otherDigest })])).toEqual([
      ['policy_digest_differs', 2],
    ]);
  });

  test('policies that a restart changed under the same revision', async () => {
    const restart = { ...digestOf(revision(3), otherDigest), time: at('00:10:00') };
    const old = (time: string): LedgerEntry[] => [
      ...firstEntries(),
      restart,
      ...crossing(0, 3, { time: at(time) }),
    ];
    expect(await foundIn(old('00:10:59'))).toEqual([]);
    expect(await foundIn(old('00:11:01'))).toEqual([['policy_digest_differs', 3]]);
    const changed = crossing(0, 3, { policyDigest: otherDigest, time: at('01:00:00') });
    expect(await foundIn([...firstEntries(), restart, ...changed])).toEqual([]);
  });

  test('a denial that names endpoints', async () => {
    const [intent, outcome] = crossing(0, 2, {}, { intent: { decision: 'deny' } });
    expect(await foundIn([...firstEntries(), intent, without({ ...outcome, result: 'denied' })])).toEqual([
      ['denied_with_targets', 2],
    ]);
  });

  test.each<[IntentEntry['decision'], OutcomeEntry['result'], string[]]>([
    ['allow', 'failed', []],
    ['allow', 'interrupted', []],
    ['allow', 'denied', ['outcome_contradicts']],
    ['deny', 'denied', []],
    ['deny', 'interrupted', []],
    ['deny', 'failed', ['outcome_contradicts']],
  ])('%s and nothing carried: %s', async (decision, result, codes) => {
    const [intent, outcome] = crossing(
      0,
      2,
      {},
      { intent: decision === 'deny' ? { decision, targets: [] } : { decision } },
    );
    expect(await foundIn([...firstEntries(), intent, without({ ...outcome, result })])).toEqual(
      codes.map((code) => [code, 3]),
    );
  });
});

describe('legal holds', () => {
  const startMs = Date.parse(at('00:00:00'));
  const idAt = (ms: number, n: number): string => {
    const digits = ms.toString(16).padStart(12, '0');
    return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`;
  };
  /** Crossings a minute apart, alternately of two workspaces. */
  const many = (count: number): LedgerEntry[] => {
    const base = revision(3);
    const boundary = base.boundaries['madoguchi']!;
    const both: RevisionEntry = {
      ...base,
      boundaries: { madoguchi: boundary, zeimu: boundary },
      dataClasses: { madoguchi: ['confidentiality-2'], zeimu: ['confidentiality-2'] },
    };
    return [
      firstEntries()[0]!,
      both,
      ...Array.from({ length: count }, (_, n) => {
        const ms = startMs + n * 60_000;
        const workspace = n % 2 === 0 ? 'madoguchi' : 'zeimu';
        return crossing(n, 2 + 2 * n, { crossing: idAt(ms, n), workspace, time: new Date(ms).toISOString() });
      }).flat(),
    ];
  };
  const minutes = (n: number): string => new Date(startMs + n * 60_000).toISOString();
  const end = minutes(400);
  const hold = (kind: HoldEntry['kind'], scope: HoldEntry['scope'], name = 'suit-1'): HoldEntry => ({
    version: 1,
    kind,
    time: end,
    principal: 'operator:admin',
    hold: name,
    scope,
  });
  const erasure = (...numbers: readonly number[]): ErasureEntry => ({
    version: 1,
    kind: 'erasure',
    time: end,
    principal: 'operator:admin',
    reason: 'request',
    crossings: numbers.map((n) => idAt(startMs + n * 60_000, n)),
  });
  const log = many(400);
  const first = log.length;
  const ofCrossing = { crossing: idAt(startMs + 300 * 60_000, 300) };

  test.each<[string, HoldEntry['scope'], readonly number[], readonly number[]]>([
    ['of one crossing', ofCrossing, [300], [299]],
    ['of a workspace', { workspace: 'zeimu' }, [1, 399], [0, 398]],
    ['of a period', { from: minutes(100), to: minutes(102) }, [100, 101], [99, 102]],
    ['of a workspace from a day on', { workspace: 'madoguchi', from: minutes(100) }, [100, 398], [98, 101]],
    ['of everything', {}, [0, 1, 200], []],
  ])('%s', async (_, scope, covered, free) => {
    expect(await foundIn([...log, hold('hold-placed', scope), erasure(...covered, ...free)])).toEqual(
      covered.map(() => ['erased_under_hold', first + 1]),
    );
    const released = [hold('hold-placed', scope), hold('hold-released', scope), erasure(...covered)];
    expect(await foundIn([...log, ...released])).toEqual([]);
    expect(await foundIn([...log, erasure(...covered), hold('hold-placed', scope)])).toEqual([]);
  });

  test('an erased crossing that is nowhere near its time', async () => {
    const gone = { ...erasure(), crossings: [idAt(startMs, 9999)] };
    const report = await audit([...log, hold('hold-placed', { workspace: 'zeimu' }), gone]);
    expect(report).toMatchObject({ verdict: 'clean', undecided: { byReason: { hold: 1 } } });
  });

  test.each<[string, readonly HoldEntry[]]>([
    ['released that was not placed', [hold('hold-released', ofCrossing)]],
    [
      'released for another scope',
      [hold('hold-placed', ofCrossing, 'b'), hold('hold-released', { workspace: 'zeimu' }, 'b')],
    ],
    ['placed twice', [hold('hold-placed', ofCrossing), hold('hold-placed', {})]],
  ])('%s', async (_, holds) => {
    expect(await foundIn([...log, ...holds])).toEqual([['hold_misordered', first + holds.length - 1]]);
  });

  test('placed again for less still covers what it covered', async () => {
    const placed = [hold('hold-placed', {}), hold('hold-placed', ofCrossing), erasure(1)];
    expect(await foundIn([...log, ...placed])).toEqual([
      ['hold_misordered', first + 1],
      ['erased_under_hold', first + 2],
    ]);
  });
});

test('a report says how often each check was applied', async () => {
  const entries = [
    ...firstEntries(),
    ...crossing(0, 2),
    ...crossing(1, 4, {}, { outcome: { purpose: 'x' } }),
  ];
  const { checks } = await audit(entries);
  expect(checks.map(({ check, result, count }) => [check, result, count])).toEqual([
    ['signatures', 'passed', 1],
    ['keys', 'not-applicable', 0],
    ['completeness', 'passed', 6],
    ['tree', 'passed', 2],
    ['consistency', 'not-applicable', 0],
    ['witnesses', 'not-applicable', 0],
    ['anchors', 'not-applicable', 0],
    ['form', 'passed', 6],
    ['order', 'passed', 6],
    ['outcomes', 'findings', 2],
    ['decisions', 'passed', 2],
    ['boundary', 'passed', 2],
    ['holds', 'not-applicable', 0],
  ]);
});

test('a report counts outcomes by day of Japan, and copies by place', async () => {
  const [intent, outcome] = crossing(0, 2, { time: at('14:59:59') });
  const [, late] = crossing(1, 4, { time: at('15:00:00') });
  const [next] = crossing(1, 4, { time: at('15:00:00') });
  const { days, places, lastRevision } = await audit([...firstEntries(), intent, outcome, next, late]);
  expect(days).toMatchObject([
    { day: '2026-04-01', completed: 1, denied: 0 },
    { day: '2026-04-02', completed: 1 },
  ]);
  expect(places).toEqual([{ place: '012041', operatorCountry: 'JP', processing: 2, otherCopies: 0 }]);
  expect(lastRevision).toMatchObject({
    index: 1,
    platformRevision: 3,
    workspaces: [{ workspace: 'madoguchi', presets: ['jp/confidentiality-2'] }],
  });
});
