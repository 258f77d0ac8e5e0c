import { SekishoError } from '@sekisho/contract';
import type { KeyDirectory, Principal } from '../domains/identity/index.ts';

export type { Principal };
export type Operator = Extract<Principal, { kind: 'operator' }>;

/** Authenticates before anything else of a request is looked at. */
export class Authenticate {
  readonly #keys: KeyDirectory;

  constructor(keys: KeyDirectory) {
    this.#keys = keys;
  }

  /** The holder of the bearer token in an `Authorization` header (RFC 6750 section 2.1). */
  bearer(authorization: string | undefined): Principal {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new SekishoError('authentication_required');
    return this.key(token);
  }

  /** The holder of a key that came by itself, such as in an `api-key` header. */
  key(text: string): Principal {
    const principal = this.#keys.authenticate(text);
    if (principal === undefined) throw new SekishoError('invalid_api_key');
    return principal;
  }

  /** As {@link bearer}, and it must be the operator. */
  operator(authorization: string | undefined): Operator {
    const principal = this.bearer(authorization);
    if (principal.kind === 'operator') return principal;
    throw new SekishoError('not_permitted', {
      ja: '管理 API には管理キーが必要です。',
      en: 'The administration API needs the admin key.',
    });
  }
}
