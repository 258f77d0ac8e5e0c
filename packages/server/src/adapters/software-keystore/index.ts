export { openSoftwareKeystore } from './software-keystore.ts';
export type { SoftwareKeystoreOptions } from './software-keystore.ts';
