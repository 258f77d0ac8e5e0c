import type { Server } from 'node:http';
import { parseVerifierKey, Refusal } from '@sekisho/proof';
import type { VerifierKey } from '@sekisho/proof';
import { z } from 'zod';
import { reasonOf } from '../bounded-file.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { parseOptions, withCommonOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { renderParagraph } from '../table.ts';
import { addWitnessCheck } from './witness-check.ts';
import {
  StateOptions,
  addWitnessKey,
  policyLines,
  stateFolder,
  withStateOptions,
  witnessKeysJson,
} from './witness-key.ts';
import { lockState, openWitnessKeys } from '../witness/witness-key.ts';
import type { WitnessKeys } from '../witness/witness-key.ts';
import { createWitnessServer } from '../witness/witness-server.ts';
import type { WitnessEvent, WitnessedLog } from '../witness/witness-server.ts';
import { LogWitness } from '../witness/witness-state.ts';

const LISTEN_DEFAULT = '127.0.0.1:7330';
/** How long a request under way may take to end after Ctrl-C. */
const STOP_GRACE_MS = 5000;
const LOGS_MAX = 1000;

const Options = StateOptions.extend({
  listen: z
    .string()
    .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):\d{1,5}$/)
    .default(LISTEN_DEFAULT),
  log: z.array(z.string()).max(LOGS_MAX),
});

/** A witness of other people's logs: one small process with a key and a state of its own. */
export const addWitness: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const command = program
    .command('witness')
    .summary(texts.witness.summary)
    .description(texts.witness.description);
  withStateOptions(command, context)
    .option('--listen <host:port>', texts.witness.listen)
    .option('--log <vkey>', texts.witness.log, collect, []);
  withCommonOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(Options, values);
    finish(await runWitness(options, context));
  });
  addWitnessKey(command, context, finish);
  addWitnessCheck(command, context, finish);
};

function collect(vkey: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, vkey];
}

/** Serves until a signal; 0 after Ctrl-C or SIGTERM. */
async function runWitness(
  { state, name, keyType, listen, log, json }: z.output<typeof Options>,
  context: CommandContext,
): Promise<number> {
  const folder = stateFolder(state, context);
  const keys = log.map(parseLogKey);
  if (keys.length === 0) {
    throw new CommandFailure('usage', (texts) => texts.failures.missingOption('--log <vkey>'));
  }
  const witnessKeys = await openWitnessKeys(folder, { name, algorithm: keyType });
  const unlock = await lockState(folder);
  try {
    const logs: WitnessedLog[] = [];
    for (const [origin, keysOfLog] of Map.groupBy(keys, (key) => key.name)) {
      const witness = await LogWitness.open(folder, origin, witnessKeys, context.now);
      logs.push({ origin, keys: keysOfLog, witness });
    }
    const server = createWitnessServer(logs, (event) => tellEvent(event, context));
    const url = await listenOn(server, listen);
    greet(witnessKeys, url, logs, json, context);
    await untilSignal();
    await closeServer(server);
    await Promise.all(logs.map(({ witness }) => witness.idle()));
    return 0;
  } finally {
    await unlock();
  }
}

function parseLogKey(vkey: string): VerifierKey {
  try {
    const key = parseVerifierKey(vkey);
    if (key.role === 'log') return key;
    throw new Refusal('verifier_key_unsupported');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { bilingual } = error;
    throw new CommandFailure('verifier_key_invalid', (texts) =>
      texts.failures.verifierKeyInvalid('--log', '', bilingual[texts.language]),
    );
  }
}

async function listenOn(server: Server, address: string): Promise<string> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  try {
    await new Promise<void>((listening, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        listening();
      });
    });
  } catch (error) {
    const reason = reasonOf(error);
    throw new CommandFailure('address_unusable', (texts) => texts.failures.addressUnusable(address, reason), {
      cause: error,
    });
  }
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return `http://${address.slice(0, colon)}:${boundPort}`;
}

function greet(
  keys: WitnessKeys,
  url: string,
  logs: readonly WitnessedLog[],
  json: boolean,
  { texts, screen }: CommandContext,
): void {
  const { name } = keys;
  if (json) {
    screen.json({ url, ...witnessKeysJson(keys), logs: logs.map(({ origin }) => origin) });
    return;
  }
  screen.lines([
    ...renderParagraph(texts.witness.listening(name, url, logs.length), screen.width),
    texts.witness.policyLine,
    // Lines of their own: they are copied into a file.
    ...policyLines(keys, url),
  ]);
}

/** A sentence for a person, and for a contradiction the two notes that prove it, as JSON on one line. */
function tellEvent(event: WitnessEvent, { texts, screen }: CommandContext): void {
  if (event.event === 'failed') {
    const line = texts.witness.failed(event.origin, reasonOf(event.cause));
    screen.errorLines([screen.paintError.bad(line)]);
    return;
  }
  screen.errorLines([
    screen.paintError.bad(texts.witness.contradiction(event.origin)),
    JSON.stringify(event),
  ]);
}

function untilSignal(): Promise<void> {
  return new Promise((stopped) => {
    const stop = (): void => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      stopped();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolveClosed) => server.close(() => resolveClosed()));
  server.closeIdleConnections();
  const impatient = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
  await closed;
  clearTimeout(impatient);
}
