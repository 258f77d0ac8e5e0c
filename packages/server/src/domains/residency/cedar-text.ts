import type { Bilingual } from '@sekisho/contract';

/**
 * A Cedar string literal that holds exactly this text, whatever the text is
 * (https://docs.cedarpolicy.com/policies/syntax-grammar.html, STR). Everything that could end the
 * literal, or mislead a reader of it (controls, bidirectional overrides), is escaped.
 */
export function stringLiteral(text: string): string {
  return `"${literalBody(text)}"`;
}

export function entityLiteral(type: string, id: string): string {
  return `${type}::${stringLiteral(id)}`;
}

export function setLiteral(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

/** `{{workspace}}` stands inside a string literal of the preset, so only the body is put there. */
export function fillWorkspace(cedar: string, workspace: string): string {
  // A function as replacement: "$&" in a string would be expanded.
  return cedar.replaceAll('{{workspace}}', () => literalBody(workspace));
}

/** One policy with the annotations that a denial shows. `scope` and `condition` are Cedar text. */
export function policyText(policy: {
  readonly id: string;
  readonly reason: Bilingual;
  readonly effect: 'permit' | 'forbid';
  readonly scope: string;
  readonly condition?: string;
}): string {
  const condition = policy.condition === undefined ? '' : `\n${policy.condition}`;
  return [
    `@id(${stringLiteral(policy.id)})`,
    `@reason_ja(${stringLiteral(policy.reason.ja)})`,
    `@reason_en(${stringLiteral(policy.reason.en)})`,
    `${policy.effect} (${policy.scope})${condition};`,
  ].join('\n');
}

function literalBody(text: string): string {
  return text.toWellFormed().replaceAll(/["\\]|\p{C}|\p{Zl}|\p{Zp}/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
