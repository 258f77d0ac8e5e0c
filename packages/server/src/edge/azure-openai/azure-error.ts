import type { ErrorCode, Language, SekishoError } from '@sekisho/contract';

/** Codes that programs written for Azure OpenAI compare with; every other keeps our own. */
const azureCodes: Partial<Record<ErrorCode, string>> = {
  authentication_required: '401',
  invalid_api_key: '401',
  model_not_found: 'DeploymentNotFound',
  guard_blocked: 'content_filter',
};

/**
 * Azure OpenAI's error body. What a guard refused looks as what its content filter refuses. `sekisho` adds our own code and
 * what the shape has no room for; clients ignore it.
 */
export function azureError(error: SekishoError, language: Language): string {
  const isFiltered = error.code === 'guard_blocked';
  return JSON.stringify({
    error: {
      code: azureCodes[error.code] ?? error.code,
      message: error.messageIn(language),
      param: isFiltered ? 'prompt' : (error.faults[0]?.path ?? null),
      type: null,
      ...(isFiltered && { innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: {} } }),
      sekisho: {
        code: error.code,
        message: { ja: error.messageIn('ja'), en: error.messageIn('en') },
        faults: error.faults,
      },
    },
  });
}
