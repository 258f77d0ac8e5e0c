import type { AnchorEntry, LedgerEntry } from '@sekisho/contract';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditLog } from './audit-log.ts';
import type { AuditOptions } from './audit-log.ts';
import type { AuditReport } from './audit-report.ts';
import type { Anchor } from './audit-source.ts';
import { hex, utf8 } from './byte-encodings.ts';
import { parseCheckpoint } from './checkpoint-body.ts';
import { cosignerOf } from './cosigner.ts';
import { parseNote } from './signed-note.ts';
import { crossingLog, logFiles } from './testing/audited-log.ts';
import { sampleOrigin, sampleSigner } from './testing/sample-log.ts';
import { parseVerifierKeys } from './verifier-key.ts';
import { parseWitnessPolicy } from './witness-policy.ts';

const cellOrigin = 'cell.example.jp/ledger/cell';
const cell = sampleSigner(cellOrigin);
const tenant = sampleSigner(sampleOrigin);
const keys = parseVerifierKeys(`${cell.verifierKey}\n${tenant.verifierKey}\n`);
const found = ({ findings }: AuditReport): [string, number | null][] =>
  findings.map(({ code, index }) => [code, index]);

const time = '2026-04-01T00:00:00.000Z';
const anchorOf = (size: number, root: Uint8Array, origin = sampleOrigin): AnchorEntry => ({
  version: 1,
  kind: 'anchor',
  time,
  origin,
  size,
  root: `sha256:${hex(root)}`,
});
const cellLog = (anchors: readonly AnchorEntry[]): LedgerEntry[] => [
  { version: 1, kind: 'genesis', time, origin: cellOrigin },
  ...anchors,
];
const rootOf = (entries: readonly LedgerEntry[], size: number): Uint8Array =>
  parseCheckpoint(parseNote(logFiles(entries.slice(0, size)).checkpoint).body).root;

describe('witnesses of the log of a cell', () => {
  const witnesses = ['one', 'two', 'three'].map((name, at) =>
    cosignerOf(`${name}.example`, at === 2 ? 'ml-dsa-44' : 'ed25519', new Uint8Array(32).fill(at + 1)),
  );
  const policy = parseWitnessPolicy(
    utf8(
      [
        ...witnesses.map(({ verifierKey }, at) => `witness w${at} ${verifierKey}`),
        'group two-of-three 2 w0 w1 w2',
        'quorum two-of-three',
        '',
      ].join('\n'),
    ),
  );
  const seconds = Date.parse(time) / 1000;
  const cosigned = (note: string, ...at: readonly number[]): string =>
    note + at.map((number) => witnesses[number]!.cosign(parseNote(note).body, seconds + number)).join('');
  const history = cellLog([1, 2, 3].map((size) => anchorOf(size, new Uint8Array(32).fill(size))));
  const noteOf = (size: number, entries = history): string =>
    logFiles(entries.slice(0, size), cell).checkpoint;
  const audit = (witnessed: string | undefined, entries = history): Promise<AuditReport> => {
    const { source } = logFiles(entries, cell);
    return auditLog({ ...source, checkpoint: source.checkpoint, witnessed }, keys, { witnessPolicy: policy });
  };

  test('as many as the policy asks for, some entries behind', async () => {
    expect(await audit(cosigned(noteOf(3), 0, 2))).toMatchObject({
      verdict: 'clean',
      witnesses: {
        verdict: 'satisfied',
        size: 3,
        lagEntries: 1,
        lagMs: 0,
        witnesses: 3,
        cosignatures: [
          { witness: 'w0', time: '2026-04-01T00:00:00.000Z' },
          { witness: 'w2', time: '2026-04-01T00:00:02.000Z' },
        ],
      },
    });
  });

  test.each<[string, () => string | undefined, [string, number | null][]]>([
    ['none', () => undefined, [['witnessed_missing', null]]],
    ['too few', () => cosigned(noteOf(4), 1), [['quorum_missing', null]]],
    ['no note', () => 'nothing\n', [['witnessed_invalid', null]]],
    [
      'of another log',
      () => cosigned(logFiles(crossingLog([]), tenant).checkpoint, 0, 1),
      [['witnessed_invalid', null]],
    ],
    [
      'without the log',
      () => cosigned(logFiles(history, sampleSigner('x/ledger/cell')).checkpoint.replace(/^x/, 'y'), 0, 1),
      [['witnessed_invalid', null]],
    ],
    [
      'a cosignature over something else',
      () => noteOf(4) + cosigned(noteOf(3), 0, 1).slice(noteOf(3).length),
      [['witnessed_invalid', null]],
    ],
    [
      'another history',
      () => cosigned(noteOf(4, [...history.slice(0, 2), ...history.slice(1)]), 0, 1),
      [['fork', 0]],
    ],
    [
      'a longer history: the log was set back',
      () => cosigned(noteOf(5, [...history, anchorOf(4, new Uint8Array(32))]), 0, 1),
      [['log_shrank', 4]],
    ],
  ])('%s', async (_, note, expected) => {
    expect(found(await audit(note()))).toEqual(expected);
  });

  test('are not asked for the log of a tenant', async () => {
    const report = await auditLog(logFiles(crossingLog([{}])).source, keys, { witnessPolicy: policy });
    expect(report).toMatchObject({ verdict: 'clean', witnesses: null });
  });
});

describe('anchors', () => {
  const entries = crossingLog(Array.from({ length: 300 }, () => ({})));
  const anchorsAt = (...sizes: readonly number[]): Anchor[] =>
    sizes.map((size, at) => ({ origin: sampleOrigin, size, root: rootOf(entries, size), index: at + 1 }));
  const audit = (anchors: AuditOptions['anchors'], of = entries): Promise<AuditReport> =>
    auditLog(logFiles(of).source, keys, { anchors });

  test('are compared on the way, however many', async () => {
    const sizes = [1, 2, 255, 256, 257, 512, 601, 602];
    expect(await audit(anchorsAt(...sizes))).toMatchObject({
      verdict: 'clean',
      anchors: { compared: 8, anchoredSize: 602, mismatches: 0, beyond: 0 },
    });
  });

  test('find a fork between what the cell anchored and what it shows, and since when', async () => {
    const forked = [...entries.slice(0, 300), entries[299]!, ...entries.slice(301)];
    const report = await audit(anchorsAt(2, 256, 300, 301, 400), forked);
    expect(found(report).filter(([code]) => code === 'anchor_mismatch')).toEqual([['anchor_mismatch', 300]]);
    expect(report).toMatchObject({ firstBadIndex: 300, anchors: { compared: 5, mismatches: 2 } });
  });

  test('find a log that was set back', async () => {
    const report = await audit(anchorsAt(2, 301, 601), entries.slice(0, 300));
    expect(found(report)).toEqual([['log_shrank', 300]]);
    expect(report.anchors).toEqual({ compared: 1, anchoredSize: 2, mismatches: 0, beyond: 2 });
  });

  test('are as good in any number and place as the newest checkpoint', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 602 }), { maxLength: 12 }),
        fc.option(fc.nat()),
        async (sizes, wrong) => {
          const anchors = anchorsAt(...sizes.toSorted((a, b) => a - b));
          const at = wrong === null || anchors.length === 0 ? -1 : wrong % anchors.length;
          const claimed = anchors.map((anchor, number) =>
            number === at ? { ...anchor, root: new Uint8Array(32) } : anchor,
          );
          const report = await audit(claimed);
          const before = at > 0 ? (anchors[at - 1]?.size ?? 0) : 0;
          expect(found(report)).toEqual(at < 0 ? [] : [['anchor_mismatch', before]]);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('of a cell go out in order, each size once, and never shrink', async () => {
    const out: [string, number, number][] = [];
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const other = 'cell.example.jp/ledger/sapporo';
    const log = cellLog([
      anchorOf(3, one),
      anchorOf(3, one),
      anchorOf(2, two, other),
      anchorOf(5, two),
      anchorOf(4, one),
      anchorOf(5, one),
      anchorOf(6, one),
    ]);
    const report = await auditLog(logFiles(log, cell).source, keys, {
      onAnchor: ({ origin, size, index }) => void out.push([origin, size, index]),
    });
    expect(out).toEqual([
      [sampleOrigin, 3, 1],
      [other, 2, 3],
      [sampleOrigin, 5, 4],
      [sampleOrigin, 6, 7],
    ]);
    expect(found(report)).toEqual([
      ['anchor_backwards', 5],
      ['anchor_backwards', 6],
    ]);
  });

  test('go out however much else is wrong', async () => {
    const genesis = cellLog([])[0]!;
    const much = Array.from({ length: 1100 }, () => genesis);
    const out: number[] = [];
    const report = await auditLog(
      logFiles([...cellLog([]), ...much, anchorOf(7, new Uint8Array(32))], cell).source,
      keys,
      { onAnchor: ({ size }) => void out.push(size) },
    );
    expect(report.rulesJudgedToTheEnd).toBe(false);
    expect(out).toEqual([7]);
  });

  test('belong into the log of a cell', async () => {
    const report = await auditLog(
      logFiles([...crossingLog([]), anchorOf(1, new Uint8Array(32))]).source,
      keys,
    );
    expect(found(report)).toEqual([['anchor_misplaced', 2]]);
  });
});
