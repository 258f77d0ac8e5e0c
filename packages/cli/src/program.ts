import { Command, CommanderError, Option } from 'commander';
import type { AddCommand, CommandContext } from './command-context.ts';
import { addApply } from './commands/apply.ts';
import { addAudit } from './commands/audit.ts';
import { addBackup, addRestore } from './commands/backup.ts';
import { addCrossings } from './commands/crossings.ts';
import { addDoctor } from './commands/doctor.ts';
import { addErase } from './commands/erase.ts';
import { addExplain } from './commands/explain.ts';
import { addHistory } from './commands/history.ts';
import { addHolds } from './commands/holds.ts';
import { addKeys } from './commands/keys.ts';
import { addLogKeys } from './commands/log-keys.ts';
import { addPlaces } from './commands/places.ts';
import { addPlan } from './commands/plan.ts';
import { addReceipts } from './commands/receipts.ts';
import { addRetention } from './commands/retention.ts';
import { addUp } from './commands/up.ts';
import { addUsage } from './commands/usage.ts';
import { addVerify } from './commands/verify.ts';
import { addWitness } from './commands/witness.ts';
import { CommandFailure } from './failure.ts';
import { languages } from './language.ts';
import { helpConfiguration, usageFailure } from './localized-help.ts';
import { reportFailure } from './report-failure.ts';

const VERSION = '0.1.0';
const EXIT_ERROR = 2;
/** Commander's own name for options without a group; the help shows it in the chosen language. */
const DEFAULT_GROUP = 'Options:';

/** Parses the arguments (without node and script), runs one command, and gives its exit code. */
export async function run(argv: readonly string[], context: CommandContext, json: boolean): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version end the parsing this way; help that nobody asked for is an error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_ERROR;
    reportFailure(failureOf(error), context, json);
    return EXIT_ERROR;
  }
}

/** All commands, with their help in the chosen language. Tests walk it to see every help screen. */
export function buildProgram(context: CommandContext, finish: (exitCode: number) => void): Command {
  const { texts, screen } = context;
  const program = new Command('sekisho').description(texts.program.description);
  program
    .version(VERSION, '-V, --version', texts.help.version)
    .addOption(new Option('--lang <ja|en>', texts.options.lang).choices([...languages]))
    .addHelpText('after', `\n${texts.program.environment}`);
  const group = (heading: string, ...commands: readonly AddCommand[]): void => {
    program.commandsGroup(heading);
    for (const add of commands) add(program, context, finish);
  };
  group(texts.program.startHeading, addUp, addDoctor);
  group(texts.program.declareHeading, addPlan, addApply, addHistory, addExplain, addPlaces, addKeys);
  group(
    texts.program.proveHeading,
    addVerify,
    addAudit,
    addCrossings,
    addReceipts,
    addUsage,
    addWitness,
    addLogKeys,
  );
  group(texts.program.keepHeading, addRetention, addHolds, addErase, addBackup, addRestore);
  for (const command of [program, ...descendants(program)]) {
    command
      .exitOverride((error) => {
        if (error.exitCode === 0 || error.code === 'commander.help') throw error;
        throw usageFailure(error, command);
      })
      .helpCommand(false)
      .addHelpOption(new Option('-h, --help', texts.help.help).helpGroup(DEFAULT_GROUP))
      .configureHelp(helpConfiguration(texts, screen.width))
      .configureOutput({
        writeOut: (text) => screen.lines([text.trimEnd()]),
        writeErr: (text) => screen.errorLines([text.trimEnd()]),
        // A refusal is thrown as well, and told once, in the chosen language.
        outputError: () => undefined,
      });
  }
  return program;
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new CommandFailure('unexpected', (texts) => texts.failures.unexpected(reason), { cause: error });
}
