/**
 * `npm run bench:gateway`: what does it cost to pass the checkpoint?
 *
 * In one run, in turns, each pinned to the same core, against the same stub model server:
 * - `stub`       the load generator straight at the stub: the ceiling of the load side
 * - `nginx`      a keep-alive reverse proxy in C (left out where it is not installed)
 * - `bare-node`  the least a Node proxy can do: node:http, undici, no check at all
 * - `portkey`    @portkey-ai/gateway, an AI gateway in TypeScript that keeps no durable record
 * - `sekisho`    a cell with everything on: key, strict parse, residency decision, intent durable
 *                before and outcome durable after, metering, receipt
 *
 * The ratios count, not the absolute numbers: those are this machine's, its neighbours' and its
 * kernel's. A ratio is formed between measurements of the same round, seconds apart, so that what
 * disturbs one disturbs the other. The stub answers at once; behind a real model every contender's
 * latency is hidden by the model's, and what remains is the processor time that a request costs.
 *
 * Options: --seconds N (3), --rounds N (3), --connections N (32), --contenders a,b, --workloads a,b,
 * --json FILE. Exits with 1 when a contender answered wrongly or the cell's ledger misses an answer.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, type } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { checkedTarget } from './gateway/check-answer.ts';
import {
  contenderNames,
  startBareNodeProxy,
  startCell,
  startNginx,
  startPortkey,
  startStub,
  type CellContender,
  type Contender,
} from './gateway/contenders.ts';
import type { LoadTarget } from './gateway/load-generator.ts';
import { measure, runLoad, type LoadShape, type Measurement } from './gateway/measure.ts';
import { canPin, pinSelf } from './gateway/pinned-process.ts';
import { closedLoopTable, medianOf, openLoopTable, ratioLines, ratios } from './gateway/report.ts';
import { workloadNames, workloads, type Workload } from './gateway/workloads.ts';

const listOf = <Name extends string>(names: readonly [Name, ...Name[]]) =>
  z
    .string()
    .default(names.join(','))
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(names)).min(1));

const Options = z.object({
  seconds: z.coerce.number().min(0.5).max(600).default(3),
  rounds: z.coerce.number().int().min(1).max(100).default(3),
  connections: z.coerce.number().int().min(1).max(1024).default(32),
  contenders: listOf(contenderNames),
  workloads: listOf(workloadNames),
  json: z.string().optional(),
});

/** The first load on a fresh process: a cell's code needs thousands of requests until it is compiled. */
const WARM_UP_FRESH_S = 4;
/** The first load of another workload. */
const WARM_UP_FIRST_S = 1;
/** From the second round on only connections and caches are cold. */
const WARM_UP_LATER_S = 0.2;
/** The open loop's requests wait for a connection when none of so many is free. */
const OPEN_LOOP_CONNECTIONS = 256;
/** More work than this was waiting before the run began: somebody else uses the machine. */
const LOAD_AVERAGE_QUIET_MAX = 0.7;
/** How long the usage table may lag behind the ledger after the load has ended. */
const PROJECTION_MS_MAX = 30_000;

interface Entrant {
  readonly contender: Contender;
  readonly workload: Workload;
  readonly target: LoadTarget;
}

const options = readOptions();
const say = (line = ''): void => console.log(line);
const machine = machineFacts();
const notes: string[] = [];
const started: Contender[] = [];
/** Contenders that had load already. */
const warm = new Set<Contender>();
/** Answers with status 200 that the cell gave, measured or not. */
let cellAnswers200 = 0;

process.once('SIGINT', () => void stopAll().finally(() => process.exit(130)));
try {
  process.exitCode = (await run()) ? 0 : 1;
} finally {
  await stopAll();
}

async function run(): Promise<boolean> {
  printMachine();
  pinSelf('load');
  const { stub, cell, contenders } = await startContenders();

  const closed: Measurement[] = [];
  const open: Measurement[] = [];
  for (const workload of workloads.filter(({ name }) => options.workloads.includes(name))) {
    const entrants = await enter(contenders, workload);
    closed.push(...(await rounds(entrants, stub, { kind: 'closed', connections: options.connections })));
    const rows = closed.filter((row) => row.workload === workload.name);
    say(`\n${workload.title}; closed loop, ${options.connections} connections`);
    for (const line of [...closedLoopTable(rows), ...ratioLines(rows)]) say(line);

    if (workload.name === 'plain-1k') {
      const rate = medianOf(
        rows.filter(({ contender }) => contender === 'sekisho'),
        'perSecond',
      );
      if (rate !== undefined) open.push(...(await openLoopRounds(entrants, stub, rows, rate / 2)));
    }
  }

  const recorded = cell === undefined ? undefined : await verifyRecords(cell);
  for (const note of notes) say(`note: ${note}`);
  const byWorkload = workloads.map(({ name }) => [
    name,
    ratios(closed.filter((row) => row.workload === name)),
  ]);
  if (options.json !== undefined) {
    const result = {
      machine,
      options: { ...options, json: undefined },
      notes,
      ratios: Object.fromEntries(byWorkload),
      measurements: [...closed, ...open],
      ledger: recorded,
    };
    await writeFile(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
  }
  const errors = [...closed, ...open].reduce((sum, row) => sum + row.errors, 0);
  return errors === 0 && recorded?.equal !== false;
}

async function startContenders(): Promise<{
  readonly stub: Contender;
  readonly cell: CellContender | undefined;
  readonly contenders: readonly Contender[];
}> {
  const wanted = new Set(options.contenders);
  const keep = <Started extends Contender | undefined>(contender: Started): Started => {
    if (contender !== undefined) started.push(contender);
    return contender;
  };
  const stub = keep(await startStub());
  const nginx = wanted.has('nginx') ? keep(await startNginx(stub.port)) : undefined;
  if (wanted.has('nginx') && nginx === undefined) notes.push('nginx is not installed and was left out');
  const bare = wanted.has('bare-node') ? keep(await startBareNodeProxy(stub.port)) : undefined;
  const portkey = wanted.has('portkey') ? keep(await startPortkey(stub.port, say)) : undefined;
  if (wanted.has('portkey') && portkey === undefined)
    notes.push('portkey could not be installed and was left out');
  const cell = wanted.has('sekisho') ? keep(await startCell(stub.port)) : undefined;
  const contenders = [wanted.has('stub') ? stub : undefined, nginx, bare, portkey, cell];
  return { stub, cell, contenders: contenders.filter((contender) => contender !== undefined) };
}

/** Checks one answer of each in full; a peer that cannot serve a workload sits it out. */
async function enter(contenders: readonly Contender[], workload: Workload): Promise<readonly Entrant[]> {
  const entrants: Entrant[] = [];
  for (const contender of contenders) {
    try {
      entrants.push({ contender, workload, target: await checkedTarget(contender, workload) });
      // It counts for the ledger too.
      if (contender.name === 'sekisho') cellAnswers200++;
    } catch (cause) {
      if (contender.name === 'sekisho') throw cause;
      notes.push(`left out of ${workload.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return entrants;
}

/** A B C, A B C, ...: a disturbance of some seconds hits one measurement of each, not all of one. */
async function rounds(
  entrants: readonly Entrant[],
  stub: Contender,
  shape: LoadShape,
): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const { contender, workload, target } of entrants) {
      const warmUp = await runLoad(target, shape, warmUpSeconds(contender, shape, round));
      const of = { contender, stub, workload: workload.name };
      const measured = await measure(of, target, shape, round, options.seconds);
      if (contender.name === 'sekisho') cellAnswers200 += warmUp.answers200 + measured.answers200;
      measurements.push(measured);
    }
  }
  return measurements;
}

function warmUpSeconds(contender: Contender, shape: LoadShape, round: number): number {
  const fresh = !warm.has(contender);
  warm.add(contender);
  if (fresh) return WARM_UP_FRESH_S;
  return round === 1 && shape.kind === 'closed' ? WARM_UP_FIRST_S : WARM_UP_LATER_S;
}

/** Latency at half of the cell's load, for those who can carry it. */
async function openLoopRounds(
  entrants: readonly Entrant[],
  stub: Contender,
  closed: readonly Measurement[],
  perSecond: number,
): Promise<readonly Measurement[]> {
  const rateOf = (contender: Contender): number =>
    medianOf(
      closed.filter((row) => row.contender === contender.name),
      'perSecond',
    ) ?? 0;
  const able = entrants.filter(({ contender }) => rateOf(contender) > perSecond);
  const rows = await rounds(able, stub, { kind: 'open', connections: OPEN_LOOP_CONNECTIONS, perSecond });
  say(`\nthe same at a fixed ${perSecond.toFixed(0)} requests/s (half of sekisho's load); open loop`);
  for (const line of openLoopTable(rows)) say(line);
  for (const { contender } of entrants) {
    if (rateOf(contender) > perSecond) continue;
    say(`  ${contender.name} cannot carry this rate: its most is ${rateOf(contender).toFixed(0)} requests/s`);
  }
  return rows;
}

/** Nobody shall benchmark a cell that drops records: every 200 has its outcome in the tenant's log. */
async function verifyRecords(cell: CellContender): Promise<{
  readonly answers200: number;
  readonly recordedCrossings: number;
  readonly equal: boolean;
}> {
  const deadlineMs = performance.now() + PROJECTION_MS_MAX;
  let recorded = await cell.recordedCrossings();
  while (recorded < cellAnswers200 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    recorded = await cell.recordedCrossings();
  }
  const equal = recorded === cellAnswers200;
  say(
    `\nledger: ${cellAnswers200} answers with status 200, ${recorded} outcomes in the tenant's log: ${equal ? 'equal' : 'NOT EQUAL'}`,
  );
  return { answers200: cellAnswers200, recordedCrossings: recorded, equal };
}

/** Read before this process binds itself to one core. */
function machineFacts() {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    kernel: `${type()} ${release()}`,
    pinned: canPin,
    loadAverage: loadavg()[0] ?? 0,
  };
}

function printMachine(): void {
  const { cores, processor, node, kernel } = machine;
  say(`${cores} cores (${processor}), Node ${node}, ${kernel}`);
  say(
    canPin
      ? 'contenders (with their child processes) on one core; load generator and stub on another'
      : 'processes are NOT pinned to cores here: contenders may use more than one',
  );
  say(
    `median (lowest-highest) of ${options.rounds} rounds of ${options.seconds} s, in turns; "load busy" over 90 % (!): the load side may be the limit`,
  );
  if (machine.loadAverage > LOAD_AVERAGE_QUIET_MAX) {
    notes.push(
      `the machine was busy before the run (load average ${machine.loadAverage.toFixed(1)}); that hurts most whoever waits for the disk, which is sekisho alone`,
    );
  }
  if (!canPin) notes.push('without taskset or a second core the load side competes with the contenders');
}

async function stopAll(): Promise<void> {
  // The stub last: the others still hold connections to it.
  for (const contender of started.splice(0).reverse()) await contender.stop();
}

function readOptions(): z.infer<typeof Options> {
  const names = Object.keys(Options.shape);
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  return Options.parse(values);
}
