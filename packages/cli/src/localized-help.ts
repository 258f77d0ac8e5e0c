import { Help, type Command, type CommanderError, type Option } from 'commander';
import type { Texts } from './texts/en.ts';
import { CommandFailure } from './failure.ts';
import { displayWidth, wrap } from './terminal-width.ts';

/** Commander's help in one language, measured and broken as a terminal shows full-width text. */
export function helpConfiguration(texts: Texts, width: number): Partial<Help> {
  const { help } = texts;
  const titles: Readonly<Record<string, string>> = {
    'Usage:': help.usage,
    'Arguments:': help.arguments,
    'Options:': help.options,
    'Commands:': help.commands,
  };
  const localizePlaceholders = (term: string): string =>
    term.replace('[options]', help.optionsPlaceholder).replace('[command]', help.commandPlaceholder);
  const plain = new Help();
  return {
    helpWidth: width,
    displayWidth,
    boxWrap: (text, lineWidth) => wrap(text, lineWidth).join('\n'),
    styleTitle: (title) => titles[title] ?? title,
    commandUsage: (command) => localizePlaceholders(plain.commandUsage(command)),
    // A list of commands is for choosing one: its options are in its own help.
    subcommandTerm: (command) => plain.subcommandTerm(command).replace(' [options]', ''),
    optionDescription: describeOption,
  };
}

function describeOption(option: Option): string {
  return option.description;
}

/**
 * Commander's refusals, by their stable code, in the catalogue's words. The name of what is wrong
 * is the first quoted part of its message.
 */
export function usageFailure(error: CommanderError, command: Command): CommandFailure {
  return new CommandFailure(
    'usage',
    ({ failures }) => `${describeRefusal(error, failures)}\n${failures.seeHelp(fullName(command))}`,
  );
}

function describeRefusal(error: CommanderError, failures: Texts['failures']): string {
  const [, name = ''] = /'([^']*)'/.exec(error.message) ?? [];
  switch (error.code) {
    case 'commander.unknownOption':
      return failures.unknownOption(name);
    case 'commander.unknownCommand':
      return failures.unknownCommand(name);
    case 'commander.missingArgument':
      return failures.missingArgument(name);
    case 'commander.missingMandatoryOptionValue':
      return failures.missingOption(name);
    case 'commander.optionMissingArgument':
      return failures.missingValue(name);
    case 'commander.invalidArgument':
      return failures.badChoice(name);
    case 'commander.excessArguments':
      return failures.excessArguments;
    default:
      return error.message.replace(/^error: /, '');
  }
}

/** `sekisho keys create`: the command whose help answers. */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
