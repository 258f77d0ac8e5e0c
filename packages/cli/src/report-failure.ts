import type { CommandContext } from './command-context.ts';
import type { CommandFailure } from './failure.ts';
import { renderFault } from './fault-lines.ts';
import { printable } from './printable-text.ts';
import { renderParagraph } from './table.ts';
import { en, type Texts } from './texts/en.ts';
import { ja } from './texts/ja.ts';

/**
 * Says on stderr what went wrong, then every fault on a line of its own. With `--json` in the shape
 * in which the cell reports its errors, so that a program reads one shape only.
 */
export function reportFailure(failure: CommandFailure, context: CommandContext, json: boolean): void {
  const { texts, screen } = context;
  if (json) {
    screen.errorJson(failureJson(failure));
    return;
  }
  const message = `${texts.failures.error}: ${failure.text(texts)}`.split('\n').map(printable).join('\n');
  const code = [failure.code, ...(failure.id === undefined ? [] : [texts.failures.errorId(failure.id)])];
  screen.errorLines([
    ...renderParagraph(message, screen.width).map((line) => screen.paintError.bad(line)),
    ...failure.faults.flatMap((fault) => renderFault(fault, texts, screen.width)),
    screen.paintError.faint(printable(`[${code.join(', ')}]`)),
  ]);
}

function failureJson({ code, text, faults, id }: CommandFailure): unknown {
  const both = (say: (texts: Texts) => string): { ja: string; en: string } => ({ ja: say(ja), en: say(en) });
  return {
    error: {
      code,
      message: both(text),
      ...(faults.length === 0 ? {} : { faults }),
      ...(id === undefined ? {} : { id }),
    },
  };
}
