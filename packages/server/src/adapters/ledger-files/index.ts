export { fileTileStore } from './file-tile-store.ts';
export { fileWriteAheadLog } from './file-write-ahead-log.ts';
