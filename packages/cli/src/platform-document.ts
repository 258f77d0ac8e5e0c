import { Platform, platformLimits } from '@sekisho/contract';
import { LineCounter, isNode, isScalar, parseAllDocuments, type Document } from 'yaml';
import { readBounded } from './bounded-file.ts';
import { CommandFailure, type LocatedFault } from './failure.ts';
import { en } from './texts/en.ts';
import { ja } from './texts/ja.ts';

/** What a platform document says, and where in its file it says it. */
export interface PlatformDocument {
  readonly platform: unknown;
  /** The fault with the line and column of the field that it names. */
  readonly locate: (fault: LocatedFault) => LocatedFault;
}

/**
 * Reads `sekisho.yaml` (YAML 1.2, core schema; JSON is YAML too). Whether the platform is right is
 * for the cell to say: only it knows its places and presets.
 *
 * @throws CommandFailure `file_unreadable`, `file_too_large`, `yaml_invalid` with every error's position
 */
export async function readPlatformDocument(
  file: string,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<PlatformDocument> {
  const bytes = await readBounded(file, platformLimits.documentBytes, stdin);
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(bytes.toString('utf8'), { lineCounter, prettyErrors: false });
  const [document] = documents;
  if (document === undefined || documents.length !== 1) {
    throw yamlInvalid(file, [{ path: '', message: bilingual((texts) => texts.failures.oneYamlDocument) }]);
  }
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    path: '',
    message: { ja: error.message, en: error.message },
    position: positionAt(lineCounter, error.pos[0]),
  }));
  if (faults.length > 0) throw yamlInvalid(file, faults);
  const platform = toPlain(file, document);
  const textsExpected = pathsOfMissingTexts(platform);
  return {
    platform,
    locate(fault) {
      const { position, node } = find(document, lineCounter, fault.path);
      // 131016 and 15 are numbers in YAML; place codes and prices are texts.
      const unquoted = isScalar(node) && typeof node.value === 'number' && textsExpected.has(fault.path);
      return {
        ...fault,
        ...(position === undefined ? {} : { position }),
        ...(unquoted
          ? { hint: bilingual((texts) => texts.failures.quoteNumber(node.source ?? String(node.value))) }
          : {}),
      };
    },
  };
}

/** Aliases are expanded within a bound (yaml's `maxAliasCount`), which throws above it. */
function toPlain(file: string, document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw yamlInvalid(file, [{ path: '', message: { ja: message, en: message } }]);
  }
}

/** Paths of values that are no text and should be. */
function pathsOfMissingTexts(platform: unknown): ReadonlySet<string> {
  const issues = Platform.safeParse(platform).error?.issues ?? [];
  return new Set(
    issues
      .filter((issue) => issue.code === 'invalid_type' && issue.expected === 'string')
      .map((issue) => issue.path.join('.')),
  );
}

/** The field itself, or where the nearest thing around it is when the field is missing. */
function find(
  document: Document.Parsed,
  lineCounter: LineCounter,
  dottedPath: string,
): { readonly position?: { readonly line: number; readonly column: number }; readonly node?: unknown } {
  const path =
    dottedPath === '' ? [] : dottedPath.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node) || node.range === null || node.range === undefined) continue;
    const position = positionAt(lineCounter, node.range[0]);
    return length === path.length ? { position, node } : { position };
  }
  return {};
}

function positionAt(lineCounter: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lineCounter.linePos(offset);
  return { line, column: col };
}

function yamlInvalid(file: string, faults: readonly LocatedFault[]): CommandFailure {
  return new CommandFailure('yaml_invalid', (texts) => texts.failures.yamlInvalid(file), { faults });
}

function bilingual(text: (texts: typeof en) => string): { ja: string; en: string } {
  return { ja: text(ja), en: text(en) };
}
