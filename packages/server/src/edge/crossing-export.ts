import { Readable } from 'node:stream';
import type { CrossingSummary } from '@sekisho/contract';
import { crossingCsvHeading, crossingCsvLine } from './admin/csv.ts';

/** The forms of a list: a page of JSON, or all pages as a stream. */
export type ListForm = 'json' | 'csv' | 'jsonl';

/** RFC 4180 and RFC 7111; JSON Lines has no registered type, and this is the one in use. */
export const exportTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
} as const;

export function askedListForm(accept: string | undefined): ListForm {
  if (/\btext\/csv\b/.test(accept ?? '')) return 'csv';
  return /\bapplication\/(?:jsonl|x-ndjson)\b/.test(accept ?? '') ? 'jsonl' : 'json';
}

/** One chunk a page: memory holds a page and no more. A page that fails breaks the stream off. */
export function exportStream(
  form: 'csv' | 'jsonl',
  pages: AsyncIterable<readonly CrossingSummary[]>,
): Readable {
  return Readable.from(form === 'csv' ? asCsv(pages) : asJsonLines(pages), { highWaterMark: 1 });
}

async function* asCsv(pages: AsyncIterable<readonly CrossingSummary[]>): AsyncIterable<string> {
  yield crossingCsvHeading;
  for await (const page of pages) yield page.map(crossingCsvLine).join('');
}

async function* asJsonLines(pages: AsyncIterable<readonly CrossingSummary[]>): AsyncIterable<string> {
  for await (const page of pages) yield page.map((crossing) => `${JSON.stringify(crossing)}\n`).join('');
}
