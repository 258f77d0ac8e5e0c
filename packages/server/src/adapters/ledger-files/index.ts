export { folderBytes } from './folder-bytes.ts';
export { fileTileStore } from './file-tile-store.ts';
export { fileWriteAheadLog } from './file-write-ahead-log.ts';
export { fileWitnessedCheckpoint } from './file-witnessed-checkpoint.ts';
