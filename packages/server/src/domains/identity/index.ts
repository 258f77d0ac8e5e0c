export { KeyDirectory, mintAdminKey, mintApiKey } from './api-keys.ts';
export type { ApiKeyStore } from './ports.ts';
export type { Principal } from './principal.ts';
