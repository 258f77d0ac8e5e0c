export const logKeys = {
  summary: 'See, rotate, retire and disown the keys that sign the ledger',
  description:
    'The keys that sign the checkpoints and receipts of each log. Every change is an entry of that log. Rotate first, give readers time to learn of the new key, then retire the old one.',
  log: 'Log: a tenant, or cell for the log of the cell itself',
  keyId: 'Id of the key, from log-keys list',
  listSummary: 'List the keys of all logs',
  listDescription:
    'Lists every key that signs or ever signed a log, and the sizes of the trees that it signed.',
  rotateSummary: 'Let a new key sign beside the old ones',
  rotateDescription:
    'Makes a key and introduces it by an entry of the log. From then on checkpoints carry its signature beside those in force; COSE receipts are signed by it alone. Hand out cell.vkey anew, then retire the old key.',
  retireSummary: 'Let a key sign no more',
  retireDescription:
    'Retires a key, and destroys its private part. Receipts that it signed stay verifiable. Refused for the last key of a log.',
  overlap: 'Refuse unless another key has signed for so many seconds (default: 0)',
  compromisedSummary: 'Name a key that others may have',
  compromisedDescription:
    'Ends a key at once, with a new one in its place if none is left, and records that it is compromised. What it alone signed proves nothing any more, until it is issued anew: see log-keys affected.',
  trustedToSize: 'Size of the largest tree known to be signed before the key was lost (default: 0)',
  affectedSummary: 'List receipts that rest on a compromised key alone',
  affectedDescription:
    'Lists the sizes of the trees that only this key signed beyond the trusted size, and the crossings whose receipts rest on one of them unless they were fetched later. --reissue fetches these receipts anew, under the keys in force.',
  earlier: 'Also crossings recorded before: in doubt only if fetched in that time',
  csv: 'Crossings as CSV',
  reissue: 'Write a fresh receipt for each crossing into this folder',
  none: 'No log has a key yet.',
  logHeading: 'Log',
  keyHeading: 'Key',
  stateHeading: 'State',
  treesHeading: 'Signed trees',
  sinceHeading: 'Since',
  states: { pending: 'pending', signing: 'signing', retired: 'retired', compromised: 'compromised' },
  trees: (from: number, to: number | undefined) => (to === undefined ? `from ${from}` : `${from} to ${to}`),
  trusted: (size: number) => `trusted to ${size}`,
  rotated: (keyId: string, log: string) => `Key ${keyId} signs the log ${log} from now on.`,
  handOut:
    'Hand out the new key file (cell.vkey, or /ledger/cell.vkey of the cell) before you retire another:',
  retired: (keyId: string, log: string, size: number) =>
    `Key ${keyId} signs the log ${log} no more. Its last tree has ${size} entries.`,
  disowned: (keyId: string, log: string, size: number) =>
    `Key ${keyId} of the log ${log} is on record as compromised. What it alone signed after tree ${size} proves nothing.`,
  next: 'Receipts to issue anew:',
  noRange: 'No tree rests on this key alone: receipts carry the signature of another key too.',
  range: (from: number, to: number) => `Trees of ${from} to ${to} entries rest on this key alone.`,
  crossings: (count: number) => `Crossings whose receipts may rest on it: ${count}`,
  reissued: (count: number, folder: string) => `${count} fresh receipts are in ${folder}.`,
};
