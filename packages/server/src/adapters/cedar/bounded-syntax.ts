/** Brackets inside brackets. */
export const NESTING_MAX = 32;
/** Operators, member accesses and clauses of one policy. Items of a list do not count. */
export const OPERATORS_MAX = 150;
/** Policies of one text: more than a workspace's boundary, presets and tenant come to. */
export const POLICIES_MAX = 300;

/**
 * Cedar's tokens as far as depth goes: comments and strings are skipped whole, so that nothing
 * inside them counts and nothing can hide behind them. A comment ends at either kind of line end.
 */
const TOKENS =
  /\/\/[^\n\r]*|"(?:\\[^]|[^"\\])*"?|[()[\]{};]|&&|\|\||[=!<>]=|[+\-*!.<>]|[A-Za-z_][A-Za-z0-9_]*/g;
const OPERATOR_WORDS = new Set(['if', 'then', 'else', 'in', 'is', 'has', 'like', 'when', 'unless']);

/**
 * Why a policy text is too deep or too long to be given to the engine, or undefined when it is not.
 *
 * The engine parses and evaluates by recursion on a small stack inside WebAssembly: about 200
 * nested brackets or 500 chained operators exhaust it. A tenant could stop the policies of the
 * whole cell with 1 KiB of text, so the text is measured before the engine sees it.
 */
export function sizeFault(policies: string): string | undefined {
  let nesting = 0;
  let operators = 0;
  let policyCount = 0;
  for (const [token] of policies.matchAll(TOKENS)) {
    if (token === '(' || token === '[' || token === '{') nesting++;
    else if (token === ')' || token === ']' || token === '}') nesting = Math.max(0, nesting - 1);
    else if (token === ';') {
      operators = 0;
      policyCount++;
    } else if (isOperator(token)) operators++;
    if (nesting > NESTING_MAX) return `brackets are nested deeper than ${NESTING_MAX}`;
    if (operators > OPERATORS_MAX) return `one policy has more than ${OPERATORS_MAX} operators`;
    if (policyCount > POLICIES_MAX) return `there are more than ${POLICIES_MAX} policies`;
  }
  return undefined;
}

function isOperator(token: string): boolean {
  return /^[a-z]/i.test(token) ? OPERATOR_WORDS.has(token) : !/^(?:\/\/|"|_)/.test(token);
}
