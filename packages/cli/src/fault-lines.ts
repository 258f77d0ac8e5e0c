import type { Texts } from './texts/en.ts';
import { CommandFailure, type LocatedFault } from './failure.ts';
import type { PlatformDocument } from './platform-document.ts';
import { printable } from './printable-text.ts';
import { renderParagraph } from './table.ts';

/** Adds line and column to the faults with which the cell refuses a document. */
export async function withPositions<T>(document: PlatformDocument, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.faults.length === 0) throw error;
    const faults = error.faults.map((fault) => document.locate(fault));
    throw new CommandFailure({ cell: error.code }, error.text, { faults, id: error.id, cause: error });
  }
}

/** One fault a line, `12:5  tenants.0.id  message`, with its hint below. */
export function renderFault(fault: LocatedFault, texts: Texts, width: number): string[] {
  const where = [
    ...(fault.position === undefined ? [] : [`${fault.position.line}:${fault.position.column}`]),
    ...(fault.path === '' ? [] : [fault.path]),
  ];
  const line = [...where, fault.message[texts.language]].map((part) => printable(part)).join('  ');
  return [
    ...renderParagraph(line, width, 2),
    ...(fault.hint === undefined ? [] : renderParagraph(fault.hint[texts.language], width, 6)),
  ];
}
