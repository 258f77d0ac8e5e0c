import type { IncomingMessage } from 'node:http';
import { SekishoError } from '@sekisho/contract';
import type { AskedForm, ReceiptWish } from '../../flows/get-receipt.ts';

/**
 * C2SP gives tlog-proof no media type; this one is in the manner of its `text/x.tlog.size`. That of COSE is
 * RFC 9052 section 11.3.1.
 */
const contentTypes: Readonly<Record<AskedForm, string>> = {
  'sekisho-receipt': 'application/json; charset=utf-8',
  'tlog-proof': 'text/x.tlog-proof; charset=utf-8',
  'anchor-tlog-proof': 'text/x.tlog-proof; charset=utf-8',
  cose: 'application/cose; cose-type="cose-sign1"',
};

const formOfMediaType: ReadonlyMap<string, AskedForm> = new Map([
  ['application/json', 'sekisho-receipt'],
  ['text/x.tlog-proof', 'tlog-proof'],
  ['application/cose', 'cose'],
]);

/**
 * What a request asks for. The form is `?format=`, else the first of its `Accept` that is one of ours, else
 * JSON. `?witnessed=required` demands the witnesses. Throws SekishoError `unsupported_parameter` or
 * `invalid_request`.
 */
export function askedReceipt(request: IncomingMessage): {
  readonly wish: ReceiptWish;
  readonly contentType: string;
} {
  const { format, witnessed } = readQuery(request.url ?? '');
  const form = format ?? askedByAccept(request.headers.accept) ?? 'sekisho-receipt';
  // A COSE receipt has no place for cosignatures: better none than one that looks witnessed.
  if (witnessed && form === 'cose') {
    throw new SekishoError('unsupported_parameter', 'witnessed (cose)');
  }
  return { wish: { form, witnesses: witnessed ? 'required' : 'if-there' }, contentType: contentTypes[form] };
}

function readQuery(url: string): { readonly format: AskedForm | undefined; readonly witnessed: boolean } {
  const at = url.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  const unknown = [...query.keys()].find((name) => name !== 'format' && name !== 'witnessed');
  if (unknown !== undefined) throw new SekishoError('unsupported_parameter', unknown.slice(0, 64));
  const format = onlyValue(query, 'format', isForm, Object.keys(contentTypes));
  const witnessed = onlyValue(query, 'witnessed', isRequired, ['required']);
  return { format, witnessed: witnessed !== undefined };
}

function onlyValue<Value extends string>(
  query: URLSearchParams,
  name: string,
  isValue: (text: string) => text is Value,
  values: readonly string[],
): Value | undefined {
  const [first, second] = query.getAll(name);
  if (first === undefined) return undefined;
  if (second === undefined && isValue(first)) return first;
  const list = values.join(', ');
  throw new SekishoError('invalid_request', `${name}: ${list}`, {
    faults: [{ path: name, message: { ja: `${list} のいずれか`, en: `one of ${list}` } }],
  });
}

/** In the order written; weights (`q`) are not compared. */
function askedByAccept(accept: string | undefined): AskedForm | undefined {
  for (const range of (accept ?? '').split(',')) {
    const [mediaType = ''] = range.split(';', 1);
    const form = formOfMediaType.get(mediaType.trim().toLowerCase());
    if (form !== undefined) return form;
  }
  return undefined;
}

function isForm(text: string): text is AskedForm {
  return Object.hasOwn(contentTypes, text);
}

function isRequired(text: string): text is 'required' {
  return text === 'required';
}
