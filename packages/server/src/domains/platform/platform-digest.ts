import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Platform } from '@sekisho/contract';
import { canonicalJson, type Json } from '@sekisho/proof';

/** `sha256:` over the canonical JSON (RFC 8785) of the document, so that anyone can recompute it. */
export function platformDigest(platform: Platform): string {
  return `sha256:${createHash('sha256')
    .update(canonicalJson(asJson(platform)))
    .digest('hex')}`;
}

/** The value as JSON has it: fields that are undefined are absent. */
export function asJson(value: unknown): z.core.util.JSONType & Json {
  return z.json().parse(JSON.parse(JSON.stringify(value)));
}
