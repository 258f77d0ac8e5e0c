import { actionOfCopy, Assurance } from '@sekisho/contract';
import type { Boundary, OutcomeEntry } from '@sekisho/contract';
import type { FindingCode } from './audit-findings.ts';
import type { UndecidedReason } from './audit-report.ts';

export type BoundaryFault =
  | {
      readonly kind: 'finding';
      readonly code: Extract<FindingCode, 'outside_boundary' | 'operator_not_allowed' | 'assurance_too_low'>;
      readonly detail: string;
    }
  | { readonly kind: 'undecided'; readonly reason: UndecidedReason; readonly detail: string };

/**
 * What an outcome says it carried, against a boundary. Presets and a tenant's own policies are not in
 * the log: they can only forbid more, so what is outside here was outside whatever they said.
 */
export function* boundaryFaults(outcome: OutcomeEntry, boundary: Boundary): Generator<BoundaryFault> {
  const { carried } = outcome;
  if (carried === undefined) return;
  for (const { kind, site, place, operatorCountry } of carried.copies) {
    // The action that was asked for judges the processing copy.
    const action = kind === 'processing' ? outcome.action : actionOfCopy[kind];
    const allowed = boundary.allow[action] ?? [];
    const standing = standingIn(allowed, place);
    const detail = `${kind} ${site}: ${place} / ${action}: ${allowed.join(' ') || '-'}`;
    if (standing === 'outside') yield { kind: 'finding', code: 'outside_boundary', detail };
    if (standing === 'undecided') yield { kind: 'undecided', reason: 'place', detail };
    if (boundary.operatorCountries !== undefined && !boundary.operatorCountries.includes(operatorCountry)) {
      const countries = boundary.operatorCountries.join(' ');
      yield {
        kind: 'finding',
        code: 'operator_not_allowed',
        detail: `${kind} ${site}: ${operatorCountry} / ${countries}`,
      };
    }
  }
  if (rankOf(carried.assurance) < rankOf(boundary.minimumAssurance)) {
    const detail = `${carried.assurance} / ${boundary.minimumAssurance}`;
    yield { kind: 'finding', code: 'assurance_too_low', detail };
  }
  if (boundary.requiredCertifications.length > 0) {
    yield {
      kind: 'undecided',
      reason: 'certifications',
      detail: boundary.requiredCertifications.join(' '),
    };
  }
}

/** The contract lists assurances weakest first. */
function rankOf(assurance: Assurance): number {
  return Assurance.options.indexOf(assurance);
}

type Standing = 'inside' | 'outside' | 'undecided';

function standingIn(allowed: readonly string[], place: string): Standing {
  const standings = allowed.map((outer) => placeStanding(outer, place));
  if (standings.includes('inside')) return 'inside';
  return standings.includes('undecided') ? 'undecided' : 'outside';
}

/**
 * Whether `place` is `outer` or lies in it, by the codes alone: ISO 3166-2 begins with the country,
 * and a Japanese municipality (JIS X 0402) with the number of its prefecture (JIS X 0401). Whether a
 * ward belongs to a city is in no code.
 */
export function placeStanding(outer: string, place: string): Standing {
  if (outer === place) return 'inside';
  const municipality = /^\d{6}$/.test(place);
  if (municipality && !isPrefecture(place.slice(0, 2))) return 'undecided';
  const around = municipality ? [`JP-${place.slice(0, 2)}`, 'JP'] : [place.slice(0, 2)];
  if (around.includes(outer)) return 'inside';
  return municipality && mayBeWardOf(outer, place) ? 'undecided' : 'outside';
}

function isPrefecture(digits: string): boolean {
  const number = Number(digits);
  return number >= 1 && number <= 47;
}

/**
 * Designated cities and their wards share the hundred 1xx in their prefecture; a city ends in 0 and
 * its wards come after it. Tokyo's 1xx are special wards, which lie in no city.
 */
function mayBeWardOf(outer: string, place: string): boolean {
  return (
    /^\d\d1\d0\d$/.test(outer) &&
    outer.slice(0, 3) === place.slice(0, 3) &&
    !outer.startsWith('13') &&
    place.slice(0, 5) > outer.slice(0, 5)
  );
}
