// `npm start`: everything from a fresh clone to a cell that answers.
import { join } from 'node:path';
import { ensureInstalled, nodeForTypeScript, root, runInForeground } from './installed-node.mjs';

ensureInstalled();
const main = join(root, 'packages', 'server', 'src', 'main.ts');
process.exitCode = await runInForeground(nodeForTypeScript(), [main, ...process.argv.slice(2)]);
