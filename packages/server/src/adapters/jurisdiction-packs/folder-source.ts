import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SekishoError, type Fault, type Place } from '@sekisho/contract';
import type { JurisdictionPack, JurisdictionPackSource } from '../../domains/places/index.ts';
import { Manifest } from './manifest.ts';
import { parseCountries, parsePlaces } from './parse-places.ts';
import { TABLE_BYTES_MAX } from './read-table.ts';

const FAULTS_MAX = 20;
const PACKS_MAX = 300;

/**
 * Packs from a folder such as `jurisdictions/`: `countries.tsv`, and a folder per country with
 * `jurisdiction.json` and `places.tsv`. A folder's name is the country's code in lower case.
 * Another country is another folder. Reads afresh on every load.
 */
export function createFolderPackSource(folder: string): JurisdictionPackSource {
  return {
    async load() {
      const faults: Fault[] = [];
      const countriesFile = await readBounded(folder, 'countries.tsv', faults);
      const countries =
        countriesFile === undefined ? [] : parseCountries(countriesFile, reportIn('countries.tsv', faults));
      // Without countries every prefecture would be reported too; the cause comes alone.
      refuse(faults);
      const packs: JurisdictionPack[] = [];
      for (const name of await packFolders(folder, faults)) {
        const pack = await loadPack(folder, name, countries, faults);
        if (pack !== undefined) packs.push(pack);
      }
      refuse(faults);
      return { packs, countries };
    },
  };
}

async function loadPack(
  folder: string,
  name: string,
  countries: readonly Place[],
  faults: Fault[],
): Promise<JurisdictionPack | undefined> {
  const manifest = await readManifest(folder, name, faults);
  const path = `${name}/places.tsv`;
  const bytes = await readBounded(folder, path, faults);
  if (manifest === undefined || bytes === undefined) return undefined;
  const { places, aliases } = parsePlaces(bytes, manifest, countries, reportIn(path, faults));
  return { country: manifest.country, places, aliases };
}

async function readManifest(folder: string, name: string, faults: Fault[]): Promise<Manifest | undefined> {
  const path = `${name}/jurisdiction.json`;
  const bytes = await readBounded(folder, path, faults);
  if (bytes === undefined) return undefined;
  const parsed = Manifest.safeParse(parseJson(bytes));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const where = issue.path.join('.');
      faults.push({
        path,
        message: { ja: `${where} が正しくありません（${issue.message}）`, en: `${where}: ${issue.message}` },
      });
    }
    return undefined;
  }
  if (parsed.data.country.toLowerCase() !== name) {
    faults.push({
      path,
      message: { ja: `国がフォルダー名 ${name} と違います`, en: `country does not match the folder ${name}` },
    });
  }
  return parsed.data;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Sub-folders in name order. Files beside them (README, NOTICE) are not packs. */
async function packFolders(folder: string, faults: Fault[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const strange = names.filter((name) => !/^[a-z]{2}$/.test(name));
  for (const path of strange) {
    faults.push({
      path,
      message: {
        ja: 'フォルダー名は国コードの小文字2字です',
        en: 'a folder is a country code in lower case',
      },
    });
  }
  if (names.length > PACKS_MAX) {
    faults.push({ path: '', message: { ja: '国が多すぎます', en: `more than ${PACKS_MAX} packs` } });
    return [];
  }
  return names.filter((name) => !strange.includes(name));
}

async function readBounded(folder: string, path: string, faults: Fault[]): Promise<Uint8Array | undefined> {
  const file = join(folder, path);
  try {
    const { size } = await stat(file);
    if (size <= TABLE_BYTES_MAX) return await readFile(file);
    faults.push({ path, message: { ja: '大きすぎます', en: `larger than ${TABLE_BYTES_MAX} bytes` } });
  } catch {
    faults.push({ path, message: { ja: 'ファイルを読めません', en: 'the file cannot be read' } });
  }
  return undefined;
}

function reportIn(path: string, faults: Fault[]): (line: number, message: Fault['message']) => void {
  return (line, message) => {
    // A damaged file can be wrong on every line; the first ones are enough to mend it.
    if (faults.length < FAULTS_MAX) faults.push({ path: `${path}:${line}`, message });
  };
}

function refuse(faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new SekishoError(
    'jurisdiction_invalid',
    { ja: `${first.path} ${first.message.ja}`, en: `${first.path} ${first.message.en}` },
    { faults },
  );
}
