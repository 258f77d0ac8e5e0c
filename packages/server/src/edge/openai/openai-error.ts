import type { Language, SekishoError } from '@sekisho/contract';

/** OpenAI's error body. `sekisho` adds what its shape has no room for; clients ignore it. */
export function openAiError(error: SekishoError, language: Language): string {
  return JSON.stringify({
    error: {
      message: [error.messageIn(language), ...faultLines(error, language)].join('\n'),
      type: errorType(error.status),
      param: error.faults[0]?.path ?? null,
      code: error.code,
      sekisho: { message: { ja: error.messageIn('ja'), en: error.messageIn('en') }, faults: error.faults },
    },
  });
}

/** A denial already lists its reasons in its message. */
function faultLines(error: SekishoError, language: Language): string[] {
  if (error.code === 'residency_denied' || error.code === 'unsupported_parameter') return [];
  return error.faults.map((fault) => `${fault.path}: ${fault.message[language]}`);
}

function errorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status >= 500) return 'server_error';
  return 'invalid_request_error';
}
