import { z } from 'zod';

/** A short name chosen by people: lower-case letters, digits and hyphens, 1 to 48 characters. */
export const Slug = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/,
    'lower-case letters, digits and inner hyphens, at most 48',
  );

/** A model name as clients send it. */
export const ModelName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._:/-]{0,126}[A-Za-z0-9])?$/,
    'letters, digits and . _ : / -, at most 128',
  );

/**
 * A place: an ISO 3166-1 alpha-2 country (`JP`), an ISO 3166-2 subdivision (`JP-01`), or a
 * municipality code of the country's jurisdiction pack (Japan: six digits, JIS X 0402 with its
 * check digit, `012351`).
 */
export const PlaceCode = z
  .string()
  .regex(/^(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?|[0-9]{6})$/, 'such as JP, JP-01 or 012351');

export const CountryCode = z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code such as JP');

/** UUID version 7 (RFC 9562): identifies a crossing, and so its receipt. */
export const CrossingId = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'a UUID version 7');
export type CrossingId = z.infer<typeof CrossingId>;

/** `sha256:` and 64 lower-case hexadecimal digits. */
export const Sha256Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
/** `hmac-sha256:` and 64 lower-case hexadecimal digits: a salted commitment to a payload. */
export const Commitment = z.string().regex(/^hmac-sha256:[0-9a-f]{64}$/);

/** RFC 3339 in UTC with milliseconds. */
export const Timestamp = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
/** A calendar day, `2026-04-01`. Usage days are those of Japan Standard Time. */
export const Day = z.iso.date();
