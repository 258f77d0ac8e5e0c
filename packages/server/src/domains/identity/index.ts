export { KeyDirectory, mintAdminKey, mintApiKey } from './api-keys.ts';
export type { ApiKeyStore, StoredApiKey } from './ports.ts';
export { operatorAdmin, type Principal } from './principal.ts';
