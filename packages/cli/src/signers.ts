import { formatKeyId } from '@sekisho/proof';
import type { KeyMark, VerifierKey } from '@sekisho/proof';
import type { CommandContext } from './command-context.ts';
import { renderParagraph } from './table.ts';

/**
 * Takes the word of a key file for the size up to which a compromised key is trusted. Nothing in a receipt
 * shows when it was signed: whoever has the key can sign a tree of any size. Only for receipts that one
 * is known to have held since before the key was lost.
 */
export function trustWithinSize(keys: readonly VerifierKey[]): VerifierKey[] {
  return keys.map((key) =>
    key.mark?.state === 'compromised'
      ? {
          ...key,
          mark: { state: 'retired', toSize: key.mark.trustedToSize, wasLost: true } satisfies TrustedMark,
        }
      : key,
  );
}

interface TrustedMark extends Extract<KeyMark, { state: 'retired' }> {
  readonly wasLost: true;
}

/** Who signed: `1a2b3c4d (retired)`. */
export function signerNames(signedBy: readonly VerifierKey[], { texts }: CommandContext): string {
  return signedBy
    .map(({ keyId, mark }) => {
      const state = stateOf(mark);
      return state === 'signing'
        ? formatKeyId(keyId)
        : `${formatKeyId(keyId)} (${texts.logKeys.states[state]})`;
    })
    .join(', ');
}

export function signersJson(signedBy: readonly VerifierKey[]): unknown {
  return signedBy.map(({ keyId, mark }) => ({ keyId: formatKeyId(keyId), state: stateOf(mark) }));
}

/** What a reader should know where no key in force signed. */
export function signerWarning(signedBy: readonly VerifierKey[], { texts, screen }: CommandContext): string[] {
  const states = signedBy.map(({ mark }) => stateOf(mark));
  if (states.includes('signing')) return [];
  const text = states.includes('retired') ? texts.verify.retiredNote : texts.verify.trustedSizeNote;
  return renderParagraph(text, screen.width, 2).map(screen.paint.warning);
}

function stateOf(mark: KeyMark | undefined): 'signing' | 'retired' | 'compromised' {
  if (mark === undefined) return 'signing';
  return 'wasLost' in mark ? 'compromised' : mark.state;
}
