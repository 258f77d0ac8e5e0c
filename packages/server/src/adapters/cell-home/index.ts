export { openCellHome, type CellHome } from './cell-home.ts';
export { readOrMakeSecret, replaceFile } from './home-files.ts';
