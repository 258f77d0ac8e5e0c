import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { askedReceipt } from './asked-receipt.ts';

const asked = (query: string, accept?: string) =>
  askedReceipt({
    url: `/v1/receipts/x${query}`,
    headers: accept === undefined ? {} : { accept },
  } as IncomingMessage);

test.each([
  ['', undefined, 'sekisho-receipt', 'if-there'],
  ['?', '*/*', 'sekisho-receipt', 'if-there'],
  ['?witnessed=required', undefined, 'sekisho-receipt', 'required'],
  ['?witnessed=required', 'text/x.tlog-proof', 'tlog-proof', 'required'],
  ['?format=tlog-proof', 'application/cose', 'tlog-proof', 'if-there'],
  ['?format=anchor-tlog-proof', undefined, 'anchor-tlog-proof', 'if-there'],
  ['?witnessed=required&format=anchor-tlog-proof', undefined, 'anchor-tlog-proof', 'required'],
  ['', 'text/html, application/cose;q=0.1', 'cose', 'if-there'],
])('%j with %j', (query, accept, form, witnesses) => {
  expect(asked(query, accept).wish).toEqual({ form, witnesses });
});

test.each([
  ['?format=pdf', undefined, 'invalid_request'],
  ['?format=', undefined, 'invalid_request'],
  ['?format=__proto__', undefined, 'invalid_request'],
  ['?format=cose&format=cose', undefined, 'invalid_request'],
  ['?witnessed', undefined, 'invalid_request'],
  ['?witnessed=false', undefined, 'invalid_request'],
  ['?witnessed=required&witnessed=required', undefined, 'invalid_request'],
  ['?Witnessed=required', undefined, 'unsupported_parameter'],
  ['?format=cose&wait=10', undefined, 'unsupported_parameter'],
  // A COSE receipt could not show the witnesses that were demanded.
  ['?format=cose&witnessed=required', undefined, 'unsupported_parameter'],
  ['?witnessed=required', 'application/cose', 'unsupported_parameter'],
])('%j with %j is refused', (query, accept, code) => {
  expect(() => asked(query, accept)).toThrowError(expect.objectContaining({ code }));
});
