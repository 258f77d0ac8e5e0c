export { backupFolders, digestOfFile, readManifest } from './backup-folders.ts';
export { plainFilesOf } from './plain-files.ts';
