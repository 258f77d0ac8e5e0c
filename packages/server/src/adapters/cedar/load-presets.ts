import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Bilingual } from '@sekisho/contract';
import type { PolicyPreset } from '../../domains/residency/ports.ts';

const PRESETS_MAX = 200;
const PRESET_BYTES_MAX = 64 * 1024;
const COUNTRY_FOLDER = /^[a-z]{2}$/;
const PRESET_FILE = /^[a-z0-9-]{1,48}\.cedar$/;

/**
 * Reads the policy presets of every jurisdiction pack, `{folder}/jp/presets/my-number.cedar` as
 * `jp/my-number`, in the order of their names. The head of a file names it in comments:
 * `// @title_ja ...` and `// @title_en ...`. Throws when a file has no title or is too large, since
 * a preset that is silently left out would loosen the workspaces that count on it.
 */
export async function loadPresets(jurisdictionsFolder: string): Promise<readonly PolicyPreset[]> {
  const countries = (await readdir(jurisdictionsFolder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && COUNTRY_FOLDER.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  const presets: PolicyPreset[] = [];
  for (const country of countries) {
    const folder = join(jurisdictionsFolder, country, 'presets');
    for (const file of (await filesOf(folder)).filter((name) => PRESET_FILE.test(name)).sort()) {
      if (presets.length >= PRESETS_MAX) throw new Error(`more than ${PRESETS_MAX} policy presets`);
      presets.push(await readPreset(`${country}/${file.slice(0, -'.cedar'.length)}`, join(folder, file)));
    }
  }
  return presets;
}

async function readPreset(name: string, path: string): Promise<PolicyPreset> {
  if ((await stat(path)).size > PRESET_BYTES_MAX) throw new Error(`the policy preset ${name} is too large`);
  const cedar = await readFile(path, 'utf8');
  const title = Bilingual.safeParse({ ja: headOf(cedar, 'title_ja'), en: headOf(cedar, 'title_en') });
  if (!title.success) throw new Error(`the policy preset ${name} has no @title_ja and @title_en`);
  return { name, title: title.data, cedar };
}

function headOf(cedar: string, field: string): string | undefined {
  const prefix = `// @${field} `;
  return cedar
    .split('\n')
    .find((line) => line.startsWith(prefix))
    ?.slice(prefix.length)
    .trim();
}

/** A pack without presets is complete. */
async function filesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
