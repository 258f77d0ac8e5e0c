/** Name of the cell's own log. */
export const CELL_LOG = 'cell';
