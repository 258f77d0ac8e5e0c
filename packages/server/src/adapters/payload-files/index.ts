export { payloadFiles } from './payload-files.ts';
