import { open } from 'node:fs/promises';
import { SekishoError } from '@sekisho/contract';
import { POLICY_BYTES_MAX, Refusal, parseWitnessPolicy } from '@sekisho/proof';
import type { WitnessPolicy } from '@sekisho/proof';

/**
 * Reads a policy file (C2SP tlog-policy). A witness that is to be asked has an http or https URL.
 * Rejects with SekishoError `invalid_request`, with the file and the line.
 */
export async function loadWitnessPolicy(file: string): Promise<WitnessPolicy> {
  const policy = parsePolicy(file, await readPolicyFile(file));
  for (const { name, url } of policy.witnesses) {
    if (url !== undefined && !isWebAddress(url))
      throw unusable(file, { ja: `${name}: ${url}`, en: `${name}: ${url}` });
  }
  return policy;
}

function parsePolicy(file: string, bytes: Uint8Array): WitnessPolicy {
  try {
    return parseWitnessPolicy(bytes);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const { bilingual, where } = cause;
    throw unusable(file, { ja: `${where}: ${bilingual.ja}`, en: `${where}: ${bilingual.en}` }, cause);
  }
}

async function readPolicyFile(file: string): Promise<Uint8Array> {
  try {
    await using handle = await open(file, 'r');
    // One byte more than is allowed, so that the parser sees that it is too much.
    const buffer = Buffer.alloc(POLICY_BYTES_MAX + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw unusable(file, { ja: reason, en: reason }, cause);
  }
}

function isWebAddress(url: string): boolean {
  const parsed = URL.parse(url);
  return (
    parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.search === ''
  );
}

function unusable(file: string, why: { ja: string; en: string }, cause?: unknown): SekishoError {
  return new SekishoError(
    'invalid_request',
    {
      ja: `立会人ポリシーを使えません: ${file} (${why.ja})`,
      en: `The witness policy cannot be used: ${file} (${why.en})`,
    },
    { cause },
  );
}
