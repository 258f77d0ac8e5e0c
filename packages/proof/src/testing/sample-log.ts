import type { IntentEntry, LedgerEntry, OutcomeEntry, Receipt } from '@sekisho/contract';
import { sha256 } from '#crypto';
import { base64, hex, utf8 } from '../byte-encodings.ts';
import { canonicalJson } from '../canonical-json.ts';
import { signCheckpoint } from '../checkpoint.ts';
import { commit } from '../commitment.ts';
import { formatCoseReceipt, signCoseTreeHead } from '../cose-receipt.ts';
import type { CoseTreeHead } from '../cose-receipt.ts';
import { inclusionProof, leafHash } from '../merkle-tree.ts';
import type { ReadHash } from '../merkle-tree.ts';
import { formatReceipt } from '../receipt.ts';
import { formatTlogProof } from '../tlog-proof.ts';
import { TreeFrontier } from '../tree-frontier.ts';
import { ed25519NoteSigner } from '../verifier-key.ts';

/**
 * A small log in memory, the same on every run: for tests and for the golden vectors. Its keys come
 * from their names, so they protect nothing.
 */
export interface SampleLog {
  readonly origin: string;
  readonly verifierKey: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Signed note of the whole log. */
  readonly checkpoint: string;
  readonly head: CoseTreeHead;
  readonly readHash: ReadHash;
}

export function sampleSigner(name: string): ReturnType<typeof ed25519NoteSigner> {
  return ed25519NoteSigner(name, sha256(utf8(`sample key of ${name}`)));
}

export function sampleLog(origin: string, entries: readonly Uint8Array[]): SampleLog {
  const { frontier, readHash } = growTree(entries.map(leafHash));
  const signer = sampleSigner(origin);
  const root = frontier.root();
  return {
    origin,
    verifierKey: signer.verifierKey,
    size: entries.length,
    root,
    checkpoint: signCheckpoint({ origin, size: entries.length, root }, signer),
    head: signCoseTreeHead({ origin, size: entries.length, root }, signer),
    readHash,
  };
}

/** A tree of these leaf hashes, with a reader of everything it holds. */
export function growTree(leafHashes: readonly Uint8Array[]): {
  readonly frontier: TreeFrontier;
  readonly readHash: ReadHash;
} {
  const frontier = new TreeFrontier();
  const nodes = new Map<string, Uint8Array>();
  for (const hash of leafHashes) {
    frontier.append(hash, (level, index, node) => nodes.set(`${level}/${index}`, node));
  }
  return {
    frontier,
    readHash: async (level, index) => {
      const node = nodes.get(`${level}/${index}`);
      if (node === undefined) throw new RangeError(`no complete subtree ${level}/${index}`);
      return node;
    },
  };
}

const CELL_TIME = '2026-04-01T00:00:00.000Z';
const TENANT = 'asahikawa';
const policyDigest = `sha256:${hex(sha256(utf8('sample policies')))}`;

export const sampleOrigin = `cell.example.jp/ledger/${TENANT}`;

/** What a sample crossing can do differently. */
export interface CrossingChanges {
  readonly outcome?: Partial<OutcomeEntry>;
  /** Left out of the outcome. */
  readonly without?: 'carried' | 'answer' | 'carried and answer';
}

export interface SampleCrossing {
  readonly outcome: OutcomeEntry;
  readonly openings: Receipt['openings'];
}

/** Number `n` of the sample crossings, whose intent stands at `intentIndex`. */
export function sampleCrossing(
  n: number,
  intentIndex: number,
  changes: CrossingChanges = {},
): SampleCrossing & {
  readonly intent: IntentEntry;
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
} {
  const request = utf8(`{"messages":[{"content":"住民票の写しの取り方は? (${n})","role":"user"}]}`);
  const answer = utf8(`{"answer":"窓口かオンラインで申請できます。(${n})"}`);
  const requestSalt = sha256(utf8(`request salt ${n}`));
  const answerSalt = sha256(utf8(`answer salt ${n}`));
  const shared = {
    version: 1,
    time: CELL_TIME,
    crossing: `019d4682-2000-7000-8000-${n.toString(16).padStart(12, '0')}`,
    tenant: TENANT,
    workspace: 'madoguchi',
    principal: 'key:k7m2p9',
    action: 'process',
    subject: 'small-chat',
    dataClass: 'confidentiality-2',
    purpose: '窓口案内 — citizen help desk',
    platformRevision: 3,
    policyDigest,
    policies: ['jp/confidentiality-2/inside-boundary'],
    request: commit(request, requestSalt),
  } as const;
  const intent: IntentEntry = {
    ...shared,
    policies: [...shared.policies],
    kind: 'intent',
    decision: 'allow',
    targets: ['asahikawa-1-chat'],
  };
  const {
    carried,
    answer: answerCommitment,
    ...withoutBoth
  } = {
    ...shared,
    policies: [...shared.policies],
    kind: 'outcome',
    intent: { index: intentIndex, leafHash: `sha256:${hex(leafHash(canonicalJson(intent)))}` },
    result: 'completed',
    status: 200,
    carried: {
      endpoint: 'asahikawa-1-chat',
      copies: [
        {
          kind: 'processing',
          site: 'asahikawa-1',
          place: '012041',
          operator: '北の雲株式会社',
          operatorCountry: 'JP',
        },
      ],
      assurance: 'declared',
    },
    answer: commit(answer, answerSalt),
    usage: { inputTokens: 42, outputTokens: 17, estimated: false, amountYen: '0.00152' },
    ...changes.outcome,
  } satisfies OutcomeEntry;
  const leaveCarried = changes.without === 'answer' || changes.without === undefined;
  const leaveAnswer = changes.without === 'carried' || changes.without === undefined;
  return {
    intent,
    request,
    answer,
    outcome: {
      ...withoutBoth,
      ...(leaveCarried && { carried }),
      ...(leaveAnswer && { answer: answerCommitment }),
    },
    openings: {
      requestSalt: base64(requestSalt),
      ...(leaveAnswer && { answerSalt: base64(answerSalt) }),
    },
  };
}

export function sampleGenesis(origin: string): LedgerEntry {
  return { version: 1, kind: 'genesis', time: CELL_TIME, origin };
}

/** The receipt of one outcome in its three forms. */
export interface SampleForms {
  readonly receipt: Uint8Array;
  readonly tlogProof: Uint8Array;
  readonly cose: Uint8Array;
}

/** A log of a genesis entry and crossings in turn, and the receipts of each outcome. */
export async function sampleForms(
  origin: string,
  changes: readonly CrossingChanges[],
): Promise<{ readonly log: SampleLog; readonly forms: readonly SampleForms[] }> {
  const crossings = changes.map((change, n) => sampleCrossing(n, 2 * n + 1, change));
  const entries = [sampleGenesis(origin), ...crossings.flatMap(({ intent, outcome }) => [intent, outcome])];
  const log = sampleLog(
    origin,
    entries.map((entry) => canonicalJson(entry)),
  );
  const { checkpoint, head } = log;
  const forms = crossings.map(async ({ outcome, openings }, n): Promise<SampleForms> => {
    const index = 2 * n + 2;
    const hashes = await inclusionProof(index, log.size, log.readHash);
    const leaf = canonicalJson(outcome);
    return {
      receipt: formatReceipt({ statement: outcome, index, hashes, checkpoint, openings }),
      tlogProof: formatTlogProof({ extra: leaf, index, hashes, checkpoint }),
      cose: formatCoseReceipt({ leaf, index, hashes, head }),
    };
  });
  return { log, forms: await Promise.all(forms) };
}

/** As {@link sampleForms}, the sekisho-receipts alone. */
export async function sampleReceipts(
  origin: string,
  changes: readonly CrossingChanges[],
): Promise<{ readonly log: SampleLog; readonly receipts: readonly Uint8Array[] }> {
  const { log, forms } = await sampleForms(origin, changes);
  return { log, receipts: forms.map(({ receipt }) => receipt) };
}
