export { parsePlatform } from './parse-platform.ts';
export { planPlatform } from './plan-platform.ts';
export { platformDigest } from './platform-digest.ts';
export type { PlatformStore, StoredPlatform } from './ports.ts';
