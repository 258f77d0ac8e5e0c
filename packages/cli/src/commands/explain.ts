import { ExplainRequest, Explanation, type EndpointVerdict, type PolicyReason } from '@sekisho/contract';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { renderParagraph } from '../table.ts';

const Options = ConnectionOptions.extend(ExplainRequest.shape);

/** Exit code 0 when the crossing would be allowed, 1 when denied. */
export const addExplain: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('explain')
    .summary(texts.explain.summary)
    .description(texts.explain.description)
    .requiredOption('--tenant <id>', texts.options.tenant)
    .requiredOption('--workspace <id>', texts.options.workspace)
    .option('--action <action>', texts.explain.action)
    .option('--data-class <class>', texts.explain.dataClass)
    .option('--model <name>', texts.explain.model)
    .option('--purpose <text>', texts.explain.purpose);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(Options, values);
    const { tenant, workspace, action, dataClass, model, purpose } = options;
    const cell = new CellClient(await findCell(options, context));
    const explanation = await cell.post(
      '/admin/v1/explain',
      { tenant, workspace, action, dataClass, model, purpose },
      Explanation,
    );
    screen.answer(explanation, options.json, (shown) => [
      ...describeDecision(shown, `${tenant}/${workspace}`, texts.actions[action], context),
      ...shown.endpoints.flatMap((endpoint) => ['', ...describeEndpoint(endpoint, context)]),
      ...describePolicies(shown.policies, context),
    ]);
    finish(explanation.decision === 'allow' ? 0 : 1);
  });
};

function describeDecision(
  { decision, platformRevision, policyDigest }: Explanation,
  workspace: string,
  action: string,
  { texts, screen }: CommandContext,
): string[] {
  const verdict =
    decision === 'allow' ? screen.paint.good(texts.explain.allow) : screen.paint.bad(texts.explain.deny);
  return [
    `${verdict}  ${workspace}  ${action}`,
    ...renderParagraph(texts.explain.decidedUnder(platformRevision, policyDigest), screen.width),
  ];
}

/** An endpoint, then each copy of the data that it makes, then why a copy was refused. */
function describeEndpoint(
  { endpoint, allowed, copies, summary }: EndpointVerdict,
  { texts, screen, language }: CommandContext,
): string[] {
  const mark = (yes: boolean): string => (yes ? screen.paint.good('✓') : screen.paint.bad('✗'));
  return [
    `${mark(allowed)} ${screen.paint.heading(endpoint)}`,
    ...(allowed ? [] : renderParagraph(summary[language], screen.width, 4)),
    ...copies.flatMap((copy) => [
      `    ${mark(copy.allowed)} ${texts.copies[copy.kind]}  ${copy.placeName[language]} (${copy.place})  ${copy.site}`,
      ...(copy.allowed
        ? []
        : copy.reasons.flatMap((reason) =>
            renderParagraph(`${reason.reason[language]} [${reason.policy}]`, screen.width, 8),
          )),
    ]),
  ];
}

function describePolicies(
  policies: readonly PolicyReason[],
  { texts, screen, language }: CommandContext,
): string[] {
  if (policies.length === 0) return [];
  return [
    '',
    screen.paint.heading(texts.explain.policies),
    ...policies.flatMap(({ policy, effect, reason }) => [
      `  ${policy}  ${texts.effects[effect]}`,
      ...renderParagraph(reason[language], screen.width, 6),
    ]),
  ];
}
