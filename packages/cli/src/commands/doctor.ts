import type { Bilingual } from '@sekisho/contract';
import { homeFolder } from '../cell-address.ts';
import type { AddCommand } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { checkCell } from '../doctor/cell-checks.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkMachine } from '../doctor/machine-checks.ts';
import { printable } from '../printable-text.ts';
import { renderParagraph } from '../table.ts';
import { en } from '../texts/en.ts';
import { ja } from '../texts/ja.ts';

/** Exit code 1 when a check failed; a warning alone leaves 0. */
export const addDoctor: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('doctor')
    .summary(texts.doctor.summary)
    .description(texts.doctor.description);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    const home = homeFolder(options.home, context);
    const findings = [...(await checkMachine(home, context)), ...(await checkCell(options, context))];
    if (options.json) screen.json({ checks: findings.map(findingJson) });
    else screen.lines(findings.flatMap((finding) => describe(finding)));
    finish(findings.some((finding) => finding.level === 'fail') ? 1 : 0);
  });

  function describe({ level, check, say, advise }: Finding): string[] {
    const badge = {
      ok: screen.paint.good('OK  '),
      warn: screen.paint.warning('WARN'),
      fail: screen.paint.bad('FAIL'),
    }[level];
    const [first = '', ...rest] = renderParagraph(
      printable(`${texts.doctor.checks[check]}: ${say(texts)}`),
      screen.width - 6,
    );
    return [
      `${badge}  ${first}`,
      ...rest.map((line) => `      ${line}`),
      ...(advise === undefined ? [] : renderParagraph(printable(`- ${advise(texts)}`), screen.width, 6)),
    ];
  }
};

function findingJson({ level, check, say, advise }: Finding): unknown {
  const bilingual = (text: Finding['say']): Bilingual => ({ ja: text(ja), en: text(en) });
  return {
    check,
    level,
    message: bilingual(say),
    ...(advise === undefined ? {} : { advice: bilingual(advise) }),
  };
}
