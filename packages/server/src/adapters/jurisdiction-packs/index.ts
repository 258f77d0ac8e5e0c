export { createFolderPackSource } from './folder-source.ts';
