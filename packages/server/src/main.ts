/**
 * A Sekisho cell. The composition root: the only place that says which adapter stands behind a
 * port. Read `startCell` from top to bottom to see what a cell is made of, and in which order.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SekishoError } from '@sekisho/contract';
import { createCedarEngine, loadPresets } from './adapters/cedar/index.ts';
import { openCellHome, readOrMakeSecret, replaceFile } from './adapters/cell-home/index.ts';
import { createFolderPackSource } from './adapters/jurisdiction-packs/index.ts';
import { openDatabase } from './adapters/postgres/index.ts';
import { loadWitnessPolicy } from './adapters/witnesses/index.ts';
import { systemClock } from './base/clock.ts';
import { Metrics } from './base/metrics.ts';
import { composeInference } from './compose-inference.ts';
import { composeLedger } from './compose-ledger.ts';
import { recoverCrossings } from './compose-recovery.ts';
import { composeRetention } from './compose-retention.ts';
import { composeTelemetry, watchCell } from './compose-telemetry.ts';
import { composeWitnesses } from './compose-witnesses.ts';
import { languageOf, readConfig, type CellConfig } from './base/config.ts';
import { describeCause, jsonLog } from './base/log.ts';
import { systemRandom } from './base/random.ts';
import { RepeatingTask } from './base/repeating-task.ts';
import { demoGreeting } from './demo/greeting.ts';
import { Demo } from './demo/start-demo.ts';
import { KeyDirectory, mintAdminKey } from './domains/identity/index.ts';
import { createPlaceRegistry } from './domains/places/index.ts';
import { parsePlatform } from './domains/platform/index.ts';
import { compileResidency } from './domains/residency/index.ts';
import { adminEdge } from './edge/admin/admin-edge.ts';
import { ledgerEdge } from './edge/ledger/ledger-edge.ts';
import { metricsEdge, observeAnswers } from './edge/metrics-edge.ts';
import { publicRoutes } from './edge/public-routes.ts';
import { createCellServer } from './edge/http-server.ts';
import { inferenceEdges } from './edge/inference-edges.ts';
import { closeServer, listen } from './edge/listen.ts';
import { ApplyPlatform } from './flows/apply-platform.ts';
import { Authenticate } from './flows/authenticate.ts';
import { ABANDONED_INTERVAL_MS } from './flows/close-abandoned-crossings.ts';
import { CompleteChat } from './flows/complete-chat.ts';
import { CrossingKernel } from './flows/crossing-kernel.ts';
import { FOLLOW_INTERVAL_MS, FollowCell } from './flows/follow-cell.ts';
import { findPlaces } from './flows/find-places.ts';
import { getReceipt } from './flows/get-receipt.ts';
import { listAffectedCrossings } from './flows/list-affected-crossings.ts';
import { listModels } from './flows/list-models.ts';
import { ManageApiKeys } from './flows/manage-api-keys.ts';
import { PlatformInForce } from './flows/platform-in-force.ts';
import { readLogFile } from './flows/read-log-file.ts';
import { RebuildCrossings } from './flows/rebuild-crossings.ts';
import { rebuildUsage, reportUsage } from './flows/report-usage.ts';
import { reportWitnesses } from './flows/report-witnesses.ts';
import { SearchCrossings } from './flows/search-crossings.ts';
import {
  RotateLogKeys,
  keyFileWriter,
  trustedVerifierKeys,
  verifierKeyFile,
} from './flows/rotate-log-key.ts';
import { publishedLogs, sitesInForce } from './flows/show-console.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const JURISDICTIONS = join(REPOSITORY, 'jurisdictions');
const SEKISHO_MINI = join(REPOSITORY, 'models', 'sekisho-mini', 'sekisho-mini.gguf');

interface RunningCell {
  readonly greeting: string;
  stop(): Promise<void>;
}

async function startCell(config: CellConfig): Promise<RunningCell> {
  const clock = systemClock;
  const random = systemRandom();
  const log = jsonLog(
    () => clock.nowMs(),
    config.logLevel,
    (line) => process.stderr.write(line),
  );
  const closers: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  const repeat = (intervalMs: number, work: () => Promise<void>, event: string): void => {
    const task = new RepeatingTask(intervalMs, work, { log, event });
    closers.push(() => task.close());
    task.start();
  };

  try {
    const witnessPolicy =
      config.witnessPolicyFile === undefined ? undefined : await loadWitnessPolicy(config.witnessPolicyFile);

    // What is on this machine: the home, the places of the world, the database, the ledger.
    const home = await openCellHome(config.home, random);
    closers.push(() => home.close());
    const packs = createFolderPackSource(JURISDICTIONS);
    const { packs: jurisdictions, countries } = await packs.load();
    const places = createPlaceRegistry(jurisdictions, countries, clock);
    const database = await openDatabase(
      config.databaseUrl === undefined
        ? { embeddedIn: home.pathOf('postgres') }
        : { url: config.databaseUrl },
      log,
      (place, day) => places.ancestors(place, day),
    );
    closers.push(() => database.close());
    const metrics = new Metrics();
    const opened = await composeLedger({ config, home, database, clock, random, log, metrics });
    closers.push(() => opened.close());
    const { ledger, replica } = opened;

    // What the cell knows: policy, who may come.
    const presets = await loadPresets(JURISDICTIONS);
    const engine = createCedarEngine();
    const adminKey = await readOrMakeSecret(home.pathOf('admin.key'), () => mintAdminKey(random));
    const keys = new KeyDirectory(await database.apiKeys.all(), adminKey);
    const platform = new PlatformInForce();

    // What it can do: model servers, and the flows over the one kernel.
    const modelFile = config.modelFile ?? SEKISHO_MINI;
    const { modelServers, carrier, ...inference } = composeInference({
      modelFile,
      platform,
      clock,
      random,
      log,
    });
    closers.push(() => inference.close());
    const writeKeyFile = keyFileWriter(ledger, (text) => replaceFile(home.pathOf('cell.vkey'), text));
    const telemetry = composeTelemetry({ metrics, platform, log });
    const kernel = new CrossingKernel(ledger, clock, random, telemetry.crossings);
    const applyPlatform = new ApplyPlatform(
      database.platformStore,
      {
        parse: (input) => parsePlatform(input, places, new Set(presets.map(({ name }) => name))).platform,
        compile: (declared, platformRevision) =>
          compileResidency({ platform: declared, platformRevision, places, presets, engine }),
      },
      ledger,
      platform,
      {
        // A new tenant brings a log, and so a key that its auditors need.
        platformChanged: async (declared) => {
          await modelServers.platformChanged(declared);
          await writeKeyFile();
        },
      },
      clock,
    );
    const apiKeys = new ManageApiKeys(database.apiKeys, keys, ledger, platform, clock, random);
    const retention = composeRetention({ config, home, database, ledger, platform, clock, random, log });
    const { payloads } = retention;
    closers.push(() => retention.sweep.close());
    const completeChat = new CompleteChat(platform, kernel, carrier, retention.keeper);

    // Recovery is the normal path: take up the platform, close what a crash left open.
    await applyPlatform.restore();
    const rebuildCrossings = new RebuildCrossings(ledger, database.crossingGenerations, clock, log);
    closers.push(() => rebuildCrossings.close());
    const recovery = { ledger, replica, database, kernel, payloads, rebuildCrossings, log };
    const abandoned = await recoverCrossings(recovery);
    if (abandoned !== undefined) {
      repeat(ABANDONED_INTERVAL_MS, () => abandoned.runWhereMine(), 'abandoned_crossings_left');
    }
    await retention.recover();
    if (replica !== undefined) {
      const following = new FollowCell(database.changes, applyPlatform, database.apiKeys, keys);
      repeat(FOLLOW_INTERVAL_MS, () => following.followNow(), 'cell.follow.failed');
    }
    const searchCrossings = new SearchCrossings(database.crossingSearch);

    // What others can hold the cell to: tenants' logs in the cell's log, and witnesses of that.
    const witnesses = composeWitnesses({ ledger, replica, policy: witnessPolicy, home, clock, log });
    closers.push(() => witnesses.close());
    await witnesses.start();
    closers.push(watchCell({ metrics, platform, database, ...opened, inference, witnesses, clock }));
    const receiptSources = { ledger, anchors: witnesses.anchors, crossings: database.crossings };

    const demo = config.demo
      ? await Demo.start({
          file: home.pathOf('demo.json'),
          modelFile,
          cellPort: config.port,
          applyPlatform,
          platform,
          apiKeys,
          keys,
        })
      : undefined;
    closers.push(() => demo?.stop());

    // Where it listens.
    const authenticate = new Authenticate(keys);
    const server = await createCellServer({
      inference: inferenceEdges(
        { authenticate, log, random },
        {
          completeChat,
          receipt: (principal, crossing, wish, gone) =>
            getReceipt(receiptSources, principal, crossing, wish, gone),
          models: (principal) => listModels(platform, principal),
          crossings: searchCrossings,
        },
      ),
      adminRoutes: adminEdge(authenticate, {
        applyPlatform,
        platform,
        platformHistory: async () => ({ revisions: [...(await database.platformStore.history())] }),
        apiKeys,
        usage: (query) => reportUsage(database.usage, query),
        rebuildUsage: () => rebuildUsage(ledger, database.usage),
        crossings: searchCrossings,
        rebuildCrossings,
        places: (query) => findPlaces(places, query),
        witnesses: () => reportWitnesses(ledger, witnesses.cosignatures),
        retention: retention.flows,
        logKeys: new RotateLogKeys(ledger, clock, writeKeyFile),
        affectedCrossings: (name, query) => listAffectedCrossings(ledger, name, query),
      }),
      observe: observeAnswers(metrics, clock),
      metricsRoutes: metricsEdge(
        authenticate,
        (format) => telemetry.exposition(format),
        config.metricsReading,
      ),
      publicRoutes: publicRoutes({
        console: () => ({
          cellName: config.cellName,
          platformRevision: platform.revision,
          sites: sitesInForce(platform, places),
          logs: publishedLogs(ledger),
        }),
        verifierKeys: () => verifierKeyFile(ledger),
        ready: () => ({ ready: platform.revision > 0, platformRevision: platform.revision }),
      }),
      ledgerRoutes: ledgerEdge(
        authenticate,
        { readLogFile: (reader, name, path) => readLogFile(ledger, reader, name, path, witnesses.store) },
        config.ledgerReading,
      ),
      tls: config.tls && {
        cert: await readFile(config.tls.certFile, 'utf8'),
        key: await readFile(config.tls.keyFile, 'utf8'),
      },
      log,
      random,
    });
    const url = await listen(server, config);
    closers.push(() => closeServer(server));
    retention.sweep.start();

    await writeKeyFile();
    await replaceFile(home.pathOf('cell.json'), `${JSON.stringify({ url })}\n`);
    const demoFile = await demo?.writeFile({
      url,
      adminKey,
      verifierKeys: ledger.logs().flatMap((name) => trustedVerifierKeys(ledger, name)),
      verifierKeyFile: home.pathOf('cell.vkey'),
    });
    return {
      greeting: demoFile ? demoGreeting(demoFile, home.pathOf('demo.json'), config.language) : url,
      stop,
    };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function run(): Promise<void> {
  const starting = startCell(readConfig(process.argv.slice(2), process.env));
  let stopping = false;
  const stop = (): void => {
    // A second Ctrl-C does not wait; whatever was acknowledged is durable already.
    if (stopping) process.exit(130);
    stopping = true;
    // Also while it starts: a database that is just being started must be stopped as well.
    starting.then((cell) => cell.stop()).then(() => process.exit(0), fail);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const { greeting } = await starting;
  if (!stopping) process.stdout.write(`${greeting}\n`);
}

/** One clear line, then a non-zero exit. */
function fail(cause: unknown): never {
  const language = languageOf(process.env);
  if (cause instanceof SekishoError && cause.code !== 'internal_error') {
    const faults = cause.faults.map((fault) => `\n  ${fault.path}: ${fault.message[language]}`).join('');
    process.stderr.write(`sekisho: ${cause.messageIn(language)}${faults}\n`);
  } else process.stderr.write(`sekisho: ${describeCause(cause)}\n`);
  process.exit(1);
}

run().catch(fail);
