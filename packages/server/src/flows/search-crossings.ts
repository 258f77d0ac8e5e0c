import { setImmediate } from 'node:timers/promises';
import {
  crossingSearchLimits,
  Day,
  SekishoError,
  type CrossingList,
  type CrossingQuery,
  type CrossingSummary,
  type PayloadFindings,
  type PayloadQuery,
  type WorkspaceCrossingQuery,
} from '@sekisho/contract';
import {
  formatCursor,
  opensWith,
  parseCursor,
  type CrossingFilter,
  type CrossingPosition,
  type CrossingSearch,
} from '../domains/crossings/index.ts';
import type { Principal } from '../domains/identity/index.ts';

const MS_A_DAY = 24 * 60 * 60 * 1000;
/** Crossings of one statement of a search for a payload. */
const SEALED_PAGE = 2000;
/** A text that matches more crossings is answered in several pages. */
const FOUND_MAX = 100;
/** Bytes hashed before others are let in: a few milliseconds. */
const SLICE_BYTES = 4 * 1024 * 1024;
/** What trying one salt costs beside the payload's own bytes: the hash's blocks and the call. */
const TEST_BYTES = 2048;

/** Searches over crossings. Nothing here reads a text, and none is logged. */
export class SearchCrossings {
  readonly #search: CrossingSearch;

  constructor(search: CrossingSearch) {
    this.#search = search;
  }

  /** One page, newest first. Throws `invalid_request`, `crossings_rebuilding`, `search_timeout`. */
  async list(query: CrossingQuery): Promise<CrossingList> {
    const { filter, after } = readQuery(query);
    const limit = query.limit ?? crossingSearchLimits.pageDefault;
    const rows = await this.#search.page(filter, limit + 1, after);
    const crossings = rows.slice(0, limit);
    const last = crossings.at(-1);
    if (rows.length <= limit || last === undefined) return { crossings };
    return { crossings, nextCursor: formatCursor(last, filter) };
  }

  /**
   * All pages, one at a time. The first is read before this resolves, so that what is wrong with the
   * search is known before anything of it is sent.
   */
  async export(query: CrossingQuery): Promise<AsyncIterable<readonly CrossingSummary[]>> {
    const { filter, after } = readQuery(query);
    const search = this.#search;
    let left = query.limit ?? Number.POSITIVE_INFINITY;
    const read = async (from: CrossingPosition | undefined): Promise<readonly CrossingSummary[]> => {
      const page = await search.page(filter, Math.min(left, crossingSearchLimits.pageMax), from);
      left -= page.length;
      return page;
    };
    const first = await read(after);
    return (async function* () {
      for (let page = first; page.length > 0; page = left > 0 ? await read(page.at(-1)) : []) yield page;
    })();
  }

  async get(crossing: string): Promise<CrossingSummary> {
    const found = await this.#search.get(crossing);
    if (found === undefined) throw new SekishoError('not_found', crossing);
    return found;
  }

  /**
   * The crossings whose commitment this payload opens. Each has a salt of its own, so each is tried:
   * as many as the limits of the contract allow in one answer, which then says where to go on.
   */
  async findPayload(query: PayloadQuery, payload: Uint8Array): Promise<PayloadFindings> {
    const { filter, search, after } = readPayloadQuery(query);
    const testBytes = payload.length + TEST_BYTES;
    const testsMax = Math.min(
      crossingSearchLimits.payloadTestsMax,
      Math.max(1, Math.floor(crossingSearchLimits.payloadHashedBytesMax / testBytes)),
    );
    const matches: string[] = [];
    let untestable = 0;
    let looked = 0;
    let sliceBytes = 0;
    let position = after;
    let ended = false;
    while (!ended && looked < testsMax && matches.length < FOUND_MAX) {
      const wanted = Math.min(SEALED_PAGE, testsMax - looked);
      const page = await this.#search.sealedPayloads(query.side, filter, wanted, position);
      ended = page.length < wanted;
      for (const sealed of page) {
        looked++;
        position = sealed.position;
        if (sealed.salt === undefined) untestable++;
        else if (opensWith(sealed, sealed.salt, payload)) matches.push(sealed.position.crossing);
        sliceBytes += testBytes;
        if (sliceBytes >= SLICE_BYTES) {
          sliceBytes = 0;
          await setImmediate();
        }
        if (matches.length < FOUND_MAX) continue;
        ended &&= sealed === page.at(-1);
        break;
      }
    }
    const found: CrossingSummary[] = [];
    for (const crossing of matches) found.push(await this.get(crossing));
    const tested = looked - untestable;
    if (ended || position === undefined) return { found, tested, untestable };
    return { found, tested, untestable, nextCursor: formatCursor(position, search) };
  }
}

/** What the holder of a key may search: a workspace's key its workspace alone. Throws `not_permitted` for the operator. */
export function withinWorkspace(principal: Principal, query: WorkspaceCrossingQuery): CrossingQuery {
  if (principal.kind === 'operator') {
    throw new SekishoError('not_permitted', {
      ja: '管理キーでは /admin/v1/crossings を使ってください。',
      en: 'With the admin key use /admin/v1/crossings.',
    });
  }
  return { ...query, tenant: principal.tenant, workspace: principal.workspace };
}

interface Search {
  readonly filter: CrossingFilter;
  readonly after: CrossingPosition | undefined;
}

function readQuery({ from, to, model, limit: _limit, cursor, ...equal }: CrossingQuery): Search {
  const filter = { ...equal, subject: model, ...period(from, to) };
  return { filter, after: cursor === undefined ? undefined : parseCursor(cursor, filter) };
}

/** The side takes part in `search`, so that no cursor is used for the other one. */
function readPayloadQuery({
  side,
  tenant,
  workspace,
  from,
  to,
  cursor,
}: PayloadQuery): Search & { readonly search: object } {
  const { startedFrom, startedBefore } = period(from, to);
  const days = (Date.parse(startedBefore ?? '') - Date.parse(startedFrom ?? '')) / MS_A_DAY;
  const daysMax = crossingSearchLimits.payloadPeriodDays;
  if (!(days > 0 && days <= daysMax)) {
    const message = { ja: `from から ${daysMax} 日以内`, en: `at most ${daysMax} days after from` };
    throw new SekishoError('invalid_request', 'to', { faults: [{ path: 'to', message }] });
  }
  const filter = { tenant, workspace, startedFrom, startedBefore };
  const search = { ...filter, side };
  return { filter, search, after: cursor === undefined ? undefined : parseCursor(cursor, search) };
}

/** A day is the whole of it in Japan, so as an end it is the next one's beginning. */
function period(from: string | undefined, to: string | undefined) {
  return {
    startedFrom: from === undefined ? undefined : momentOf(from, 0),
    startedBefore: to === undefined ? undefined : momentOf(to, MS_A_DAY),
  };
}

function momentOf(text: string, ofDayMs: number): string {
  if (!Day.safeParse(text).success) return new Date(text).toISOString();
  return new Date(Date.parse(`${text}T00:00:00+09:00`) + ofDayMs).toISOString();
}
