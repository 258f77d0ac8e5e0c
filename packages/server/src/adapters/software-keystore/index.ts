export { openSoftwareKeystore } from './software-keystore.ts';
