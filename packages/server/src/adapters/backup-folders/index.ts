export { backupFolders, digestOfFile, readManifest } from './backup-folders.ts';
export { plainFilesOf } from './plain-files.ts';
export { syncTree } from './sync-tree.ts';
export { syncFolder } from '../ledger-files/durable-files.ts';
