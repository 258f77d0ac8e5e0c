export { openCellHome, type CellHome } from './cell-home.ts';
