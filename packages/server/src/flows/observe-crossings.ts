import type { GuardVerdict, IntentEntry } from '@sekisho/contract';
import type { Log } from '../base/log.ts';
import type { Counter, Family, Histogram, Metrics } from '../base/metrics.ts';
import type { CrossingEnd } from '../domains/crossings/index.ts';
import type { CrossingObserver } from './crossing-kernel.ts';
import type { PlatformInForce, PlatformSnapshot } from './platform-in-force.ts';

/** As the semantic conventions advise (OpenTelemetry, GenAI metrics): seconds, and tokens. */
const DURATIONS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_TOKENS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const TOKENS = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];

const MODEL = 'gen_ai_request_model';
const ENDPOINT = 'sekisho_endpoint';
const OWNER = ['tenant', 'workspace'] as const;
const CALL = ['gen_ai_operation_name', 'gen_ai_provider_name', MODEL, ENDPOINT] as const;

interface Series {
  readonly crossings: Counter;
  readonly duration: Histogram | undefined;
  readonly inputTokens: Counter;
  readonly outputTokens: Counter;
  readonly inputUse: Histogram | undefined;
  readonly outputUse: Histogram | undefined;
}

/**
 * Counts crossings under the names of the OpenTelemetry semantic conventions for GenAI where these have one, and
 * logs one line at the end of each.
 *
 * Labels are names of the platform in force and closed sets of codes, nothing that a client could invent: what is
 * not declared (any more) has an empty label, and series of what was removed vanish.
 */
export class CrossingMetrics implements CrossingObserver {
  readonly #platform: PlatformInForce;
  readonly #log: Log;
  readonly #crossings: Family<Counter>;
  readonly #tokens: Family<Counter>;
  readonly #verdicts: Family<Counter>;
  readonly #duration: Family<Histogram>;
  readonly #firstToken: Family<Histogram>;
  readonly #use: Family<Histogram>;
  /** Series by everything that tells them apart, for the platform that they were looked up under. */
  readonly #known = new Map<string, Series>();
  #knownUnder: PlatformSnapshot | undefined;
  #open = 0;

  constructor(metrics: Metrics, platform: PlatformInForce, log: Log) {
    this.#platform = platform;
    this.#log = log;
    this.#crossings = metrics.counter({
      name: 'sekisho_crossings',
      help: 'Crossings whose outcome is in the ledger, by result and by the code of a failure.',
      labels: [...OWNER, 'action', 'result', 'error_type'],
    });
    metrics.readOne(
      'gauge',
      { name: 'sekisho_crossings_open', help: 'Crossings of this process between intent and outcome.' },
      () => this.#open,
    );
    this.#tokens = metrics.counter({
      name: 'sekisho_tokens',
      help: 'Tokens that were metered.',
      labels: [...OWNER, MODEL, 'gen_ai_token_type'],
    });
    this.#verdicts = metrics.counter({
      name: 'sekisho_guard_verdicts',
      help: 'What guards said of requests and answers.',
      labels: [...OWNER, 'guard', 'verdict', 'on'],
    });
    this.#duration = metrics.histogram(
      {
        name: 'gen_ai_server_request_duration_seconds',
        help: 'From the decision to the durable outcome.',
        unit: 'seconds',
        labels: [...CALL, 'error_type'],
      },
      DURATIONS,
    );
    this.#firstToken = metrics.histogram(
      {
        name: 'gen_ai_server_time_to_first_token_seconds',
        help: 'From the decision to the first chunk of a streamed answer.',
        unit: 'seconds',
        labels: CALL,
      },
      FIRST_TOKENS,
    );
    this.#use = metrics.histogram(
      {
        name: 'gen_ai_client_token_usage',
        help: 'Tokens of one crossing.',
        labels: [...CALL, 'gen_ai_token_type'],
      },
      TOKENS,
    );
  }

  opened(): void {
    this.#open++;
  }

  answerBegan(intent: IntentEntry, end: Pick<CrossingEnd, 'carried'>, seconds: number): void {
    this.#firstToken.of(...this.#callOf(intent, end)).observe(seconds);
  }

  ended(
    intent: IntentEntry,
    end: CrossingEnd,
    failure: string | undefined,
    seconds: number | undefined,
  ): void {
    if (seconds !== undefined) this.#open--;
    const series = this.#seriesOf(intent, end, failure ?? '');
    const { inputTokens, outputTokens } = end.usage;
    series.crossings.add();
    if (inputTokens > 0) series.inputTokens.add(inputTokens);
    if (outputTokens > 0) series.outputTokens.add(outputTokens);
    if (seconds !== undefined) {
      series.duration?.observe(seconds);
      series.inputUse?.observe(inputTokens);
      series.outputUse?.observe(outputTokens);
    }
    if (intent.guards !== undefined) this.#countVerdicts(intent, intent.guards, 'request');
    if (end.guards !== undefined) this.#countVerdicts(intent, end.guards, 'answer');
    this.#log.info('crossing_ended', {
      crossing: intent.crossing,
      tenant: intent.tenant,
      workspace: intent.workspace,
      action: intent.action,
      model: intent.subject,
      endpoint: end.carried?.endpoint,
      result: end.result,
      error: failure,
      status: end.status,
      durationMs: seconds === undefined ? undefined : Math.round(seconds * 1_000_000) / 1000,
      inputTokens,
      outputTokens,
    });
  }

  /** Before a scrape: series of what the platform no longer declares go. */
  forgetRemoved(): void {
    const now = this.#platform.optional;
    this.#knownUnder = undefined;
    const isOwner = ([tenant = '', workspace = '']: readonly string[]): boolean =>
      tenant === '' || now?.workspaces.has(`${tenant}/${workspace}`) === true;
    const isModel = (model = ''): boolean => model === '' || now?.upstreamModels.has(model) === true;
    const isCall = ([, , model, endpoint = '']: readonly string[]): boolean =>
      isModel(model) && now?.endpoints.has(endpoint) === true;
    this.#crossings.keepOnly(isOwner);
    this.#verdicts.keepOnly(isOwner);
    this.#tokens.keepOnly((labels) => isOwner(labels) && isModel(labels[2]));
    for (const family of [this.#duration, this.#firstToken, this.#use]) family.keepOnly(isCall);
  }

  #countVerdicts(intent: IntentEntry, verdicts: readonly GuardVerdict[], on: 'request' | 'answer'): void {
    const owner = this.#ownerOf(intent);
    for (const { guard, verdict } of verdicts) this.#verdicts.of(...owner, guard, verdict, on).add();
  }

  #seriesOf(intent: IntentEntry, end: CrossingEnd, failure: string): Series {
    const platform = this.#platform.optional;
    if (this.#knownUnder !== platform || platform === undefined) {
      this.#known.clear();
      this.#knownUnder = platform;
    }
    const { tenant, workspace, action, subject } = intent;
    const key = `${tenant}/${workspace}/${action}/${subject}/${end.carried?.endpoint ?? ''}/${end.result}/${failure}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const owner = this.#ownerOf(intent);
    const call = this.#callOf(intent, end);
    const wasCarried = call[3] !== '';
    const model = call[2];
    const series = {
      crossings: this.#crossings.of(...owner, action, end.result, failure),
      inputTokens: this.#tokens.of(...owner, model, 'input'),
      outputTokens: this.#tokens.of(...owner, model, 'output'),
      duration: wasCarried ? this.#duration.of(...call, failure) : undefined,
      inputUse: wasCarried ? this.#use.of(...call, 'input') : undefined,
      outputUse: wasCarried ? this.#use.of(...call, 'output') : undefined,
    };
    this.#known.set(key, series);
    return series;
  }

  #ownerOf({ tenant, workspace }: IntentEntry): readonly [tenant: string, workspace: string] {
    const isDeclared = this.#platform.optional?.workspaces.has(`${tenant}/${workspace}`) === true;
    return isDeclared ? [tenant, workspace] : ['', ''];
  }

  #callOf(intent: IntentEntry, end: Pick<CrossingEnd, 'carried'>): readonly [string, string, string, string] {
    const platform = this.#platform.optional;
    const endpoint = platform?.endpoints.get(end.carried?.endpoint ?? '');
    const model = platform?.upstreamModels.has(intent.subject) === true ? intent.subject : '';
    return ['chat', endpoint?.kind ?? '', model, endpoint?.id ?? ''];
  }
}
