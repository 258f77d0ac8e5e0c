/** The 48 bits of milliseconds of a UUID version 7 (RFC 9562 section 5.7): when the crossing began. */
export function startOfCrossing(crossing: string): number {
  return Number.parseInt(crossing.slice(0, 8) + crossing.slice(9, 13), 16);
}

/** The smallest UUID version 7 of this moment: crossings begun before it have smaller ids. */
export function firstCrossingAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}
