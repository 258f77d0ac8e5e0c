import { FAULTS_MAX, faultsOf, Platform, SekishoError, type Fault } from '@sekisho/contract';
import { canonicalJson } from '@sekisho/proof';
import { referenceFaults } from './reference-faults.ts';
import { asJson } from './platform-digest.ts';
import type { KnownPlaces } from './ports.ts';

/**
 * Reads a platform document: the schema, then everything that it refers to.
 * Throws SekishoError `platform_invalid` with every fault. References are looked at only in a
 * document of the right shape: before that they would repeat the faults of the shape.
 */
export function parsePlatform(
  input: unknown,
  places: KnownPlaces,
  /** Names of the presets that the jurisdiction packs offer. */
  presets: ReadonlySet<string>,
): { readonly platform: Platform } {
  const parsed = Platform.safeParse(input);
  if (!parsed.success) throw invalid(faultsOf(parsed.error));
  const platform = parsed.data;
  const faults = [...textFaults(platform), ...referenceFaults(platform, places, presets)];
  if (faults.length > 0) throw invalid(faults.slice(0, FAULTS_MAX));
  return { platform };
}

/** Text that has no UTF-8 form (a lone surrogate) could be neither digested nor stored. */
function textFaults(platform: Platform): Fault[] {
  try {
    canonicalJson(asJson(platform));
    return [];
  } catch {
    return [
      {
        path: '',
        message: { ja: 'Unicode として正しくない文字があります', en: 'holds text that is not Unicode' },
      },
    ];
  }
}

function invalid(faults: readonly Fault[]): SekishoError {
  const [first] = faults;
  const more = faults.length - 1;
  const detail = {
    ja: `${first?.path ?? ''}: ${first?.message.ja ?? ''}${more > 0 ? `（ほか${more}件）` : ''}`,
    en: `${first?.path ?? ''}: ${first?.message.en ?? ''}${more > 0 ? ` (and ${more} more)` : ''}`,
  };
  return new SekishoError('platform_invalid', detail, { faults });
}
