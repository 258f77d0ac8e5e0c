import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { faultsOf, SekishoError, WorkspaceCrossingQuery, type CrossingList } from '@sekisho/contract';
import type { Principal } from '../../flows/authenticate.ts';
import { withinWorkspace, type SearchCrossings } from '../../flows/search-crossings.ts';
import { askedListForm, exportStream, exportTypes } from '../crossing-export.ts';

type Answer =
  | { readonly kind: 'page'; readonly page: CrossingList }
  | { readonly kind: 'stream'; readonly contentType: string; readonly stream: Readable };

/** `GET /v1/crossings`: the crossings of the key's own workspace. Throws SekishoError `invalid_request`, `not_permitted`. */
export async function listCrossings(
  crossings: SearchCrossings,
  principal: Principal,
  request: IncomingMessage,
): Promise<Answer> {
  const query = withinWorkspace(principal, parseQuery(request.url ?? ''));
  const form = askedListForm(request.headers.accept);
  if (form === 'json') return { kind: 'page', page: await crossings.list(query) };
  const pages = await crossings.export(query);
  return { kind: 'stream', contentType: exportTypes[form], stream: exportStream(form, pages) };
}

function parseQuery(url: string): WorkspaceCrossingQuery {
  const at = url.indexOf('?');
  const given = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  // What is given twice becomes a list, which no parameter takes.
  const values = [...new Set(given.keys())].map((name) => {
    const all = given.getAll(name);
    return [name, all.length === 1 ? all[0] : all] as const;
  });
  const parsed = WorkspaceCrossingQuery.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  throw new SekishoError('invalid_request', '', { faults: faultsOf(parsed.error) });
}
