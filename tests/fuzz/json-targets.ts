import { LedgerEntry } from '@sekisho/contract';
import { canonicalJson, parseCanonicalJson } from '@sekisho/proof';
import type { Json } from '@sekisho/proof';
import { crossingLog } from '../../packages/proof/src/testing/audited-log.ts';
import { mutatedJson } from './json-mutations.ts';
import { ACCEPTED, OracleFault, requireSameBytes, requireThat } from './parser-target.ts';
import type { ParserTarget } from './parser-target.ts';
import { goldenFiles } from './sample-files.ts';

/** Canonical JSON, and the entries that are written in it. */

export const jsonTargets: readonly ParserTarget[] = [
  {
    name: 'canonical-json',
    corpus: [...goldenFiles('receipts/**'), ...jsonSamples()],
    outcomes: [ACCEPTED, 'json_not_utf8', 'json_malformed', 'json_not_canonical', 'json_not_representable'],
    bytesMax: 300_000,
    parse: parseJsonTwice,
  },
  {
    name: 'ledger-entry',
    corpus: entries(),
    outcomes: [
      ACCEPTED,
      'entry_malformed',
      'json_not_utf8',
      'json_malformed',
      'json_not_canonical',
      'json_not_representable',
    ],
    bytesMax: 70_000,
    mutate: (input, choices) => mutatedJson(input, choices),
    parse(input) {
      const parsed = LedgerEntry.safeParse(parseCanonicalJson(input));
      if (!parsed.success)
        return { code: 'entry_malformed', where: parsed.error.issues[0]?.path.join('.') ?? '' };
      // Defaults may be added to a boundary; nothing may be dropped.
      requireThat(
        holdsAll(parsed.data, JSON.parse(Buffer.from(input).toString('utf8')) as Json),
        'a part was dropped',
      );
    },
  },
];

/** JSON by the engine's parser and the smallest canonical writer, against ours. */
function parseJsonTwice(input: Uint8Array): void {
  const simple = simplyCanonical(input);
  let refused: unknown;
  try {
    requireSameBytes(canonicalJson(parseCanonicalJson(input)), input);
  } catch (error) {
    if (error instanceof OracleFault) throw error;
    refused = error;
  }
  requireThat((refused === undefined) === simple, 'another verdict than by RFC 8785');
  if (refused !== undefined) throw refused;
}

/** Whether these bytes are what RFC 8785 makes of their own value, restricted as ours is. */
function simplyCanonical(input: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
    const written = simplyWritten(JSON.parse(text), 0);
    return written !== undefined && Buffer.from(written, 'utf8').equals(input);
  } catch {
    return false;
  }
}

function simplyWritten(value: unknown, depth: number): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? JSON.stringify(value) : undefined;
  if (typeof value === 'string') return value.isWellFormed() ? JSON.stringify(value) : undefined;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (depth === 64) return undefined;
  const names = Array.isArray(value) ? undefined : Object.keys(value).sort();
  const parts = (names ?? Object.keys(value)).map((name) => {
    const part = simplyWritten((value as Record<string, unknown>)[name], depth + 1);
    return names === undefined || part === undefined
      ? part
      : name.isWellFormed()
        ? `${JSON.stringify(name)}:${part}`
        : undefined;
  });
  if (parts.includes(undefined)) return undefined;
  return names === undefined ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

function holdsAll(whole: unknown, part: Json): boolean {
  if (part === null || typeof part !== 'object') return whole === part;
  if (whole === null || typeof whole !== 'object') return false;
  return Object.entries(part).every(
    ([name, value]) =>
      Object.hasOwn(whole, name) && holdsAll((whole as Record<string, unknown>)[name], value as Json),
  );
}

function entries(): Uint8Array[] {
  const digest = `sha256:${'0'.repeat(64)}`;
  const common = { version: 1, time: '2026-04-01T00:00:00.000Z' } as const;
  const others: Json[] = [
    { ...common, kind: 'key-created', principal: 'operator:tests', keyId: 'k1', workspace: 'welfare' },
    { ...common, kind: 'anchor', origin: 'cell/ledger/city', size: 3, root: digest },
    {
      ...common,
      kind: 'erasure',
      principal: 'cell',
      reason: 'request',
      crossings: ['019d4682-2000-7000-8000-000000000000'],
    },
    {
      ...common,
      kind: 'hold-placed',
      principal: 'cell',
      hold: 'audit-2026',
      scope: { workspace: 'welfare' },
    },
  ];
  return [
    ...Array.from({ length: 4 }, () => crossingLog([{}])[1] ?? {}).map((entry) => canonicalJson(entry)),
    ...crossingLog([{}, { without: 'answer' }]).map((entry) => canonicalJson(entry)),
    ...others.map((entry) => canonicalJson(entry)),
  ];
}

function jsonSamples(): Uint8Array[] {
  return [
    '0',
    '-1',
    '"\u3042\\n"',
    '[]',
    '{}',
    `${'['.repeat(64)}${']'.repeat(64)}`,
    '{"10":1,"9":2,"a":{"__proto__":1}}',
  ].map((text) => new Uint8Array(Buffer.from(text, 'utf8')));
}
