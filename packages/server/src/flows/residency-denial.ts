import { SekishoError, type Bilingual, type EndpointVerdict } from '@sekisho/contract';

/** Says per endpoint which copy strayed where, why, and by which policies: `sekisho explain` says more. */
export function residencyDenial(refused: readonly EndpointVerdict[]): SekishoError {
  const reasons = (language: keyof Bilingual): string =>
    refused
      .map(
        (verdict) => `${verdict.endpoint}: ${verdict.summary[language]} [${policiesOf(verdict).join(', ')}]`,
      )
      .join('; ');
  return new SekishoError(
    'residency_denied',
    { ja: reasons('ja'), en: reasons('en') },
    { faults: refused.map((verdict) => ({ path: verdict.endpoint, message: verdict.summary })) },
  );
}

function policiesOf(verdict: EndpointVerdict): string[] {
  const refusedCopies = verdict.copies.filter((copy) => !copy.allowed);
  return [...new Set(refusedCopies.flatMap((copy) => copy.reasons.map((reason) => reason.policy)))];
}
