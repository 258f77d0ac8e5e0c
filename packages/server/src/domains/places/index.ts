export { createPlaceRegistry } from './build-registry.ts';
export { checkDigitOf, isMunicipalityCode } from './check-digit.ts';
export { findTreeFaults } from './check-tree.ts';
export type { JurisdictionPack, JurisdictionPackSource } from './ports.ts';
export type { PlaceRegistry } from './registry.ts';
