import type { AnchoredTree, WitnessStatement } from '@sekisho/proof';
import type { CommandContext } from './command-context.ts';
import { japanTime } from './japan-time.ts';
import { printable } from './printable-text.ts';
import { witnessTime } from './witness-policy-file.ts';

/** Lines of strangers that are named one by one. */
const UNVERIFIED_NAMED_MAX = 8;

/** Who cosigned, and by which tree of the cell's log: fields for a screen. `policy` is undefined where none was given. */
export function witnessFields(
  tree: AnchoredTree,
  policy: { readonly witnesses: readonly WitnessStatement[] } | undefined,
  context: CommandContext,
): (readonly [string, string])[] {
  const { verify } = context.texts;
  const { origin, size } = tree.checkpoint;
  const { index, time } = tree.anchor;
  return [
    [verify.anchor, `${verify.position(printable(origin), index, size)}  ${japanTime(time)}`],
    ...(policy === undefined ? unverified(tree, context) : statements(policy.witnesses, context)),
  ];
}

/** For the JSON form. */
export function witnessStatementsJson(witnesses: readonly WitnessStatement[]): unknown {
  return witnesses.map(({ witness, key, timeSeconds }) => ({ witness, keyName: key.name, timeSeconds }));
}

function statements(
  witnesses: readonly WitnessStatement[],
  { texts }: CommandContext,
): (readonly [string, string])[] {
  const { verify } = texts;
  if (witnesses.length === 0) return [[verify.witnesses, verify.noWitness]];
  return witnesses.map(({ witness, timeSeconds }, at) => [
    at === 0 ? verify.witnesses : '',
    `${printable(witness)}  ${witnessTime(timeSeconds)}`,
  ]);
}

function unverified(
  { unverified: names }: AnchoredTree,
  { texts }: CommandContext,
): (readonly [string, string])[] {
  const { verify } = texts;
  const named = names.slice(0, UNVERIFIED_NAMED_MAX).map((name) => printable(name));
  const list = names.length > named.length ? `${named.join(', ')}, …` : named.join(', ');
  return [[verify.witnesses, names.length === 0 ? verify.noWitness : verify.unverified(names.length, list)]];
}
