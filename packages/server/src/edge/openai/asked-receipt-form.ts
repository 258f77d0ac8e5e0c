import type { IncomingMessage } from 'node:http';
import { SekishoError } from '@sekisho/contract';
import type { ReceiptForm } from '@sekisho/proof';

/**
 * C2SP gives tlog-proof no media type; this one is in the manner of its `text/x.tlog.size`. That of COSE is
 * RFC 9052 section 11.3.1.
 */
const contentTypes: Readonly<Record<ReceiptForm, string>> = {
  'sekisho-receipt': 'application/json; charset=utf-8',
  'tlog-proof': 'text/x.tlog-proof; charset=utf-8',
  cose: 'application/cose; cose-type="cose-sign1"',
};

const formOfMediaType: ReadonlyMap<string, ReceiptForm> = new Map([
  ['application/json', 'sekisho-receipt'],
  ['text/x.tlog-proof', 'tlog-proof'],
  ['application/cose', 'cose'],
]);

/**
 * The form of receipt that a request asks for: `?format=`, else the first of its `Accept` that is one of
 * ours, else JSON. Throws SekishoError `unsupported_parameter` or `invalid_request`.
 */
export function askedReceiptForm(request: IncomingMessage): {
  readonly form: ReceiptForm;
  readonly contentType: string;
} {
  const form = askedByQuery(request.url ?? '') ?? askedByAccept(request.headers.accept) ?? 'sekisho-receipt';
  return { form, contentType: contentTypes[form] };
}

function askedByQuery(url: string): ReceiptForm | undefined {
  const at = url.indexOf('?');
  if (at < 0) return undefined;
  const query = [...new URLSearchParams(url.slice(at + 1))];
  const unknown = query.find(([name]) => name !== 'format');
  if (unknown !== undefined) throw new SekishoError('unsupported_parameter', unknown[0].slice(0, 64));
  const [first, second] = query;
  if (first === undefined) return undefined;
  if (second === undefined && isForm(first[1])) return first[1];
  const forms = Object.keys(contentTypes).join(', ');
  throw new SekishoError('invalid_request', `format: ${forms}`, {
    faults: [{ path: 'format', message: { ja: `${forms} のいずれか`, en: `one of ${forms}` } }],
  });
}

/** In the order written; weights (`q`) are not compared. */
function askedByAccept(accept: string | undefined): ReceiptForm | undefined {
  for (const range of (accept ?? '').split(',')) {
    const [mediaType = ''] = range.split(';', 1);
    const form = formOfMediaType.get(mediaType.trim().toLowerCase());
    if (form !== undefined) return form;
  }
  return undefined;
}

function isForm(text: string): text is ReceiptForm {
  return Object.hasOwn(contentTypes, text);
}
