import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LedgerEntry } from '@sekisho/contract';
import {
  TILE_HEIGHT,
  TILE_WIDTH,
  TreeFrontier,
  canonicalJson,
  concatBytes,
  encodeEntryBundle,
  entriesPath,
  hex,
  leafHash,
  signCheckpoint,
  tilePath,
} from '@sekisho/proof';
import type { NoteSigner } from '@sekisho/proof';

const TENANT = 'asahikawa';
const START_MS = Date.parse('2026-04-01T00:00:00.000Z');
/** Intents that are open at a time: outcomes come in another order than intents. */
const OPEN = 16;

const workspaces = ['madoguchi', 'kosodate', 'zeimu', 'bosai', 'shakai-fukushi'];
const models = ['small-chat', 'large-chat', 'summary-ja'];
const sites = [
  { endpoint: 'asahikawa-1-chat', site: 'asahikawa-1', place: '012041' },
  { endpoint: 'ishikari-1-chat', site: 'ishikari-1', place: '012351' },
  { endpoint: 'tokyo-2-chat', site: 'tokyo-2', place: '131016' },
  { endpoint: 'osaka-1-chat', site: 'osaka-1', place: '271004' },
];
const digest = `sha256:${'5'.repeat(64)}`;

export const madeOrigin = `cell.example.jp/ledger/${TENANT}`;

/**
 * A log as a busy tenant's: crossings of several workspaces at several sites over `days`, outcomes in another
 * order than intents, denials and failures among them, a revision now and then. The same for the same arguments.
 */
function* entriesOf(count: number, days: number): Generator<Uint8Array> {
  const stepMs = (days * 24 * 60 * 60 * 1000) / count;
  let index = 0;
  const timeAt = (): string => new Date(START_MS + index * stepMs).toISOString();
  const open: ((reference: undefined) => string)[] = [];
  let revision = 0;
  const revisionEntry = (): Uint8Array => canonicalJson(revisionOf(++revision, timeAt()));
  yield canonicalJson({ version: 1, kind: 'genesis', time: timeAt(), origin: madeOrigin });
  index++;
  yield revisionEntry();
  index++;
  for (let n = 0; index < count;) {
    if (index % 50_000 === 0) {
      yield revisionEntry();
      index++;
      continue;
    }
    if (open.length < OPEN && index + open.length < count - 1) {
      const draft = new CrossingDraft(n++, revision, timeAt());
      const intent = Buffer.from(draft.intent());
      const reference = { index, leafHash: `sha256:${hex(leafHash(intent))}` };
      open.splice((n * 7) % (open.length + 1), 0, () => draft.outcome(reference, timeAt()));
      yield intent;
    } else {
      const close = open.shift();
      if (close === undefined) break;
      yield Buffer.from(close(undefined));
    }
    index++;
    // Drain in bursts, as answers come.
    if (open.length === OPEN) {
      for (let left = 1 + (n % OPEN); left > 0 && index < count; left--) {
        const close = open.shift();
        if (close === undefined) break;
        yield Buffer.from(close(undefined));
        index++;
      }
    }
  }
}

function revisionOf(number: number, time: string): LedgerEntry {
  const each = <Value>(value: Value): Record<string, Value> =>
    Object.fromEntries(workspaces.map((workspace) => [workspace, value]));
  return {
    version: 1,
    kind: 'revision',
    time,
    principal: 'operator:admin',
    platformRevision: number,
    platformDigest: `sha256:${number.toString(16).padStart(64, '0')}`,
    policyDigest: digest,
    boundaries: each({
      allow: { process: ['JP'], store: ['JP-01', 'JP-13', 'JP-27'] },
      operatorCountries: ['JP'],
      requiredCertifications: [],
      minimumAssurance: 'declared',
    }),
    dataClasses: each(['confidentiality-2']),
    presets: each(['jp/confidentiality-2']),
  };
}

/** Text in canonical order, written directly: a serializer would take longer than what is measured. */
class CrossingDraft {
  readonly #n: number;
  readonly #revision: number;
  readonly #time: string;
  readonly #denied: boolean;

  constructor(n: number, revision: number, time: string) {
    this.#n = n;
    this.#revision = revision;
    this.#time = time;
    this.#denied = n % 37 === 5;
  }

  intent(): string {
    const targets = this.#denied ? '' : sites.map(({ endpoint }) => `"${endpoint}"`).join(',');
    return `{"action":"process",${this.#facts()},"decision":"${this.#denied ? 'deny' : 'allow'}","kind":"intent",${this.#more()},"subject":"${this.#model()}","targets":[${targets}],"tenant":"${TENANT}","time":"${this.#time}","version":1,"workspace":"${this.#workspace()}"}`;
  }

  outcome(intent: { readonly index: number; readonly leafHash: string }, time: string): string {
    const n = this.#n;
    const result = this.#denied
      ? 'denied'
      : n % 53 === 7
        ? 'failed'
        : n % 71 === 9
          ? 'aborted'
          : n % 997 === 11
            ? 'interrupted'
            : 'completed';
    const status = { completed: 200, denied: 403, failed: 502, aborted: 499, interrupted: 0 }[result];
    const answered = result === 'completed' || result === 'aborted';
    const answer = answered ? `"answer":${this.#commitment('a')},` : '';
    const { endpoint, site, place } = sites[n % 11 === 0 ? 2 : n % 7 === 0 ? 3 : n % 2] ?? sites[0]!;
    const copy = (kind: string): string =>
      `{"kind":"${kind}","operator":"北の雲株式会社","operatorCountry":"JP","place":"${place}","site":"${site}"}`;
    const carried = answered
      ? `"carried":{"assurance":"declared","copies":[${copy('processing')},${copy('log')}],"endpoint":"${endpoint}"},`
      : '';
    const [input, output] = answered ? [200 + (n % 900), 20 + (n % 400)] : [0, 0];
    const amount = answered ? `0.00${(n % 9) + 1}` : '0';
    return `{"action":"process",${answer}${carried}${this.#facts()},"intent":{"index":${intent.index},"leafHash":"${intent.leafHash}"},"kind":"outcome",${this.#more()},"result":"${result}","status":${status},"subject":"${this.#model()}","tenant":"${TENANT}","time":"${time}","usage":{"amountYen":"${amount}","estimated":false,"inputTokens":${input},"outputTokens":${output}},"version":1,"workspace":"${this.#workspace()}"}`;
  }

  #facts(): string {
    return `"crossing":"019d4682-2000-7000-8000-${this.#n.toString(16).padStart(12, '0')}","dataClass":"confidentiality-2"`;
  }

  #more(): string {
    return `"platformRevision":${this.#revision},"policies":["jp/confidentiality-2/inside-boundary","boundary/${this.#workspace()}"],"policyDigest":"${digest}","principal":"key:k${this.#n % 97}","purpose":"窓口案内 — citizen help desk","request":${this.#commitment('b')}`;
  }

  #commitment(seed: string): string {
    const text = (seed + this.#n.toString(16)).padStart(64, '0');
    return `{"commitment":"hmac-sha256:${text}","saltDigest":"sha256:${text}"}`;
  }

  #workspace(): string {
    return workspaces[(this.#n * this.#n) % workspaces.length] ?? '';
  }

  #model(): string {
    return models[this.#n % models.length] ?? '';
  }
}

/** Writes the log bundle by bundle: `count` entries, or a few less where crossings end. Returns its size. */
export async function writeMadeLog(
  folder: string,
  count: number,
  signer: NoteSigner,
  days = 30,
): Promise<number> {
  const tree = new TreeFrontier();
  const levels: Uint8Array[][] = [];
  const written: number[] = [];
  let bundle: Uint8Array[] = [];
  const put = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  };
  const putTiles = async (full: boolean): Promise<void> => {
    for (const [level, hashes] of levels.entries()) {
      if (hashes.length === 0 || (full && hashes.length < TILE_WIDTH)) continue;
      const index = (written[level] ??= 0);
      await put(tilePath(level, index, hashes.length), concatBytes(hashes));
      written[level] = index + 1;
      levels[level] = [];
    }
  };
  const putBundle = async (): Promise<void> => {
    const index = Math.floor((tree.size - 1) / TILE_WIDTH);
    await put(entriesPath(index, bundle.length), encodeEntryBundle(bundle));
    bundle = [];
  };
  for (const entry of entriesOf(count, days)) {
    tree.append(leafHash(entry), (level, _index, hash) => {
      if (level % TILE_HEIGHT === 0) (levels[level / TILE_HEIGHT] ??= []).push(hash);
    });
    bundle.push(entry);
    if (bundle.length < TILE_WIDTH) continue;
    await putBundle();
    await putTiles(true);
  }
  if (bundle.length > 0) await putBundle();
  await putTiles(false);
  await put(
    'checkpoint',
    signCheckpoint({ origin: signer.name, size: tree.size, root: tree.root() }, signer),
  );
  return tree.size;
}
