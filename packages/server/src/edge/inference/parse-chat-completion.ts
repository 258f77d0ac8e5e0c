import {
  ChatCompletionRequest,
  DataClass,
  faultsOf,
  inferenceHeaders,
  isImageData,
  SekishoError,
} from '@sekisho/contract';
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** Unknown fields that a refusal names, and characters of each: they are the sender's, of any length. */
const UNKNOWN_NAMED_MAX = 50;
const NAME_CHARACTERS_MAX = 100;

/**
 * The one parse of the body. Lists every bad field; a field that we do not know is refused by name. `model` stands in
 * place of the body's own.
 */
export function parseChatCompletion(body: Buffer, model?: string): ChatCompletionRequest {
  let json: unknown;
  try {
    // RFC 8259 section 8.1. Decoding would mend bad bytes, and the target would read others than we did.
    if (!isUtf8(body)) throw new SyntaxError('not UTF-8');
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw new SekishoError('invalid_request', {
      ja: '本文が JSON ではありません。',
      en: 'The body is not JSON.',
    });
  }
  const parsed = ChatCompletionRequest.safeParse(
    model !== undefined && isObject(json) ? { ...json, model } : json,
  );
  if (parsed.success) {
    refuseFetchedImages(parsed.data);
    return parsed.data;
  }
  const unknown = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  );
  if (unknown.length > 0) {
    const names = unknown.slice(0, UNKNOWN_NAMED_MAX).map((key) => key.slice(0, NAME_CHARACTERS_MAX));
    throw new SekishoError('unsupported_parameter', names.join(', '), {
      faults: names.map((path) => ({
        path,
        message: { ja: '対応していないパラメーターです。', en: 'This parameter is not supported.' },
      })),
    });
  }
  throw new SekishoError('invalid_request', '', { faults: faultsOf(parsed.error) });
}

function isObject(json: unknown): json is object {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

const whyNotFetched = {
  ja: '画像は data: URL（PNG、JPEG、WebP、GIF の base64）で渡してください。ほかの URL では、モデルサーバーが境界の外へ取りに行くことになります。',
  en: 'Give the image as a data: URL (PNG, JPEG, WebP or GIF in base64). For any other the model server would go and fetch it, from outside the boundary too.',
};

/** What a server fetches on behalf of a request crosses the boundary without a decision. */
function refuseFetchedImages({ messages }: ChatCompletionRequest): void {
  const paths = messages.flatMap(({ content }, at) =>
    Array.isArray(content)
      ? content.flatMap((part, index) =>
          part.type === 'image_url' && !isImageData(part.image_url.url)
            ? [`messages.${at}.content.${index}.image_url.url`]
            : [],
        )
      : [],
  );
  if (paths.length === 0) return;
  const named = paths.slice(0, UNKNOWN_NAMED_MAX);
  const list = named.join(', ');
  throw new SekishoError(
    'unsupported_parameter',
    { ja: `${list}。${whyNotFetched.ja}`, en: `${list}. ${whyNotFetched.en}` },
    { faults: named.map((path) => ({ path, message: whyNotFetched })) },
  );
}

const Purpose = z.string().regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/);

const unstated = { dataClass: undefined, purpose: 'inference' } as const;

/** Data class and purpose as the client states them in headers. */
export function parseCrossingHeaders(headers: IncomingHttpHeaders): {
  readonly dataClass: DataClass | undefined;
  readonly purpose: string;
} {
  const stated = headers[inferenceHeaders.dataClass];
  const statedPurpose = headers[inferenceHeaders.purpose];
  // Most requests state neither.
  if (stated === undefined && statedPurpose === undefined) return unstated;
  const dataClass = z.optional(DataClass).safeParse(stated);
  const purpose = Purpose.safeParse(statedPurpose ?? unstated.purpose);
  const faults = [
    ...(dataClass.success ? [] : faultsAt(inferenceHeaders.dataClass, dataClass.error)),
    ...(purpose.success ? [] : faultsAt(inferenceHeaders.purpose, purpose.error)),
  ];
  if (!dataClass.success || !purpose.success) throw new SekishoError('invalid_request', '', { faults });
  return { dataClass: dataClass.data, purpose: purpose.data };
}

function faultsAt(header: string, error: z.ZodError): ReturnType<typeof faultsOf> {
  return faultsOf(error).map((fault) => ({ ...fault, path: header }));
}
