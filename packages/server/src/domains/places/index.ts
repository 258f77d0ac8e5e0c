export { createPlaceRegistry } from './build-registry.ts';
export { checkDigitOf, isMunicipalityCode } from './check-digit.ts';
export { findTreeFaults, type TreeFault } from './check-tree.ts';
export type { JurisdictionPack, JurisdictionPackSource } from './ports.ts';
export { PLACE_NAME_LENGTH_MAX, PLACES_FOUND_MAX, type PlaceRegistry } from './registry.ts';
