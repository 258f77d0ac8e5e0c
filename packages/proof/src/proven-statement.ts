import { Assurance, OutcomeEntry } from '@sekisho/contract';
import type { Bilingual, PayloadCommitment, Receipt } from '@sekisho/contract';
import type { z } from 'zod';
import type { AnchoredTree } from './anchored-tree.ts';
import { bytesOfBase64 } from './byte-encodings.ts';
import { parseCanonicalJson } from './canonical-json.ts';
import type { Json } from './canonical-json.ts';
import type { VerifiedCheckpoint } from './checkpoint.ts';
import { saltDigest } from './commitment.ts';
import { Refusal } from './refusal.ts';
import type { RefusalCode } from './refusal.ts';
import { refuse } from './refuse.ts';

/**
 * What every form of receipt comes to once it is read: a statement, where it stands in the log, and
 * the openings that came with it. A sekisho-receipt is one as it is.
 */
export type ProvenStatement = Pick<Receipt, 'id' | 'statement' | 'inclusion' | 'openings'>;

export type StatementVerdict<Proven extends ProvenStatement = ProvenStatement> =
  | {
      readonly verdict: 'valid';
      readonly receipt: Proven;
      /** The signed tree that holds the statement. */
      readonly checkpoint: VerifiedCheckpoint;
      /** The tree of the cell's log that anchors it; absent where the receipt carries none. */
      readonly witnessed?: AnchoredTree;
    }
  | {
      readonly verdict: 'invalid';
      readonly code: RefusalCode;
      /**
       * Never empty: paths inside the receipt, `checkpoint.signatures.0` or `statement, inclusion`
       * where any of several may be what changed; or `byte 17` of the file, from 0.
       */
      readonly where: string;
      readonly message: Bilingual;
    };

/** Bad fields named for one receipt: a hostile one could hold a hundred thousand. */
const BAD_FIELDS_MAX = 8;
const PATH_LENGTH_MAX = 100;

/** Runs a verification; a Refusal becomes the verdict. */
export function verdictOf<Proven extends ProvenStatement>(
  verify: () => {
    readonly receipt: Proven;
    readonly checkpoint: VerifiedCheckpoint;
    readonly witnessed?: AnchoredTree;
  },
): StatementVerdict<Proven> {
  try {
    return { verdict: 'valid', ...verify() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      verdict: 'invalid',
      code: error.code,
      where: error.where === '' ? 'receipt' : error.where,
      message: error.bilingual,
    };
  }
}

/**
 * The statement whose canonical bytes are the leaf. Throws Refusal `receipt_malformed` or
 * `receipt_not_canonical`.
 */
export function parseStatement(bytes: Uint8Array): OutcomeEntry {
  return parseCanonicalAs(OutcomeEntry, bytes, 'statement');
}

/**
 * Canonical JSON of one schema. `name` leads the places that a refusal names; a receipt as a whole
 * has none.
 */
export function parseCanonicalAs<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
  name = '',
): z.output<Schema> {
  const placed = (where: string): string => (name === '' ? where : `${name}.${where}`);
  const parsed = schema.safeParse(parseJson(bytes, placed));
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.slice(0, BAD_FIELDS_MAX).map(pathOfIssue);
  throw new Refusal(
    'receipt_malformed',
    paths.map((path) => (path === '' ? name || 'receipt' : placed(path))).join(', '),
  );
}

function parseJson(bytes: Uint8Array, placed: (where: string) => string): Json {
  try {
    return parseCanonicalJson(bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const code = error.code === 'json_not_canonical' ? 'receipt_not_canonical' : 'receipt_malformed';
    throw new Refusal(code, placed(error.where || 'receipt'));
  }
}

function pathOfIssue(issue: z.core.$ZodIssue): string {
  // Zod gives the object that holds an unknown field; the reader wants the field.
  const field = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return [...issue.path, ...field].join('.').slice(0, PATH_LENGTH_MAX);
}

/**
 * What must hold of a statement that is in a log, whatever its receipt looks like: a cell could log
 * a lie. `origin` is the name under which the tree was signed. Throws Refusal.
 */
export function requireTruthful(proven: ProvenStatement, origin: string): void {
  requireTenantsLog(proven, origin);
  for (const rule of statementRules) rule(proven);
}

/** One tenant's log cannot vouch for another's crossing: the origin is `{cell name}/ledger/{tenant}`. */
function requireTenantsLog({ statement }: ProvenStatement, origin: string): void {
  const suffix = `/ledger/${statement.tenant}`;
  if (!origin.endsWith(suffix) || origin.length === suffix.length) refuse('origin_mismatch', 'checkpoint');
}

/** Each rule throws. */
const statementRules: readonly ((proven: ProvenStatement) => void)[] = [
  function idIsTheCrossing({ id, statement }) {
    if (id !== statement.crossing) refuse('receipt_id_mismatch', 'id');
  },
  function outcomeFollowsIntent({ inclusion, statement }) {
    if (statement.intent.index >= inclusion.index)
      refuse('intent_not_before_outcome', 'statement.intent.index');
  },
  function deniedIsNotCarried({ statement }) {
    if (statement.result === 'denied' && statement.carried !== undefined) {
      refuse('denied_but_carried', 'statement.carried');
    }
  },
  function assuranceIsShown(proven) {
    const stated = proven.statement.carried?.assurance;
    if (stated !== undefined && assuranceRank(stated) > assuranceRank(assuranceShownBy(proven))) {
      refuse('assurance_exceeds_evidence', 'statement.carried.assurance');
    }
  },
  function saltsAreThoseNamed({ openings, statement }) {
    requireSalt(openings.requestSalt, statement.request, 'openings.requestSalt');
    requireSalt(openings.answerSalt, statement.answer, 'openings.answerSalt');
  },
];

/**
 * The strongest assurance that the evidence inside the receipt holds. No form carries any yet, so
 * the cell's word is all there is; verifiers of evidence join here.
 */
function assuranceShownBy(_proven: ProvenStatement): Assurance {
  return 'declared';
}

/** The contract lists assurances weakest first. */
function assuranceRank(assurance: Assurance): number {
  return Assurance.options.indexOf(assurance);
}

function requireSalt(
  salt: string | undefined,
  committed: PayloadCommitment | undefined,
  where: string,
): void {
  if (salt === undefined) return;
  if (committed === undefined) refuse('opening_without_commitment', where);
  const bytes = bytesOfBase64(salt);
  if (bytes === undefined || saltDigest(bytes) !== committed.saltDigest) refuse('salt_mismatch', where);
}
