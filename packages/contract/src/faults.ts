import { z } from 'zod';
import type { Fault } from './errors.ts';

/** Faults reported for one document; the last one then says how many were left out. */
export const FAULTS_MAX = 500;

const KEY_CHARACTERS_MAX = 100;

type Issue = z.core.$ZodIssue;

const japanese = z.locales.ja().localeError;
const english = z.locales.en().localeError;

/** Japanese for the messages that the schemas of this package set themselves. */
const ownMessages: Readonly<Record<string, string>> = {
  'lower-case letters, digits and inner hyphens, at most 48': '英小文字・数字・途中のハイフンで48文字以内',
  'letters, digits and . _ : / -, at most 128': '英数字と . _ : / - で128文字以内',
  'such as JP, JP-01 or 012351': 'JP、JP-01、012351 のような場所コード',
  'an ISO 3166-1 alpha-2 code such as JP': 'JP のような ISO 3166-1 alpha-2 の国コード',
  'a UUID version 7': 'バージョン 7 の UUID',
  'a day such as 2026-04-01, or a time such as 2026-04-01T09:00:00+09:00':
    '2026-04-01 のような日付、または 2026-04-01T09:00:00+09:00 のような日時',
  'a decimal such as "15" or "0.25"': '"15" や "0.25" のような十進数',
  'letters, digits, _ and -, at most 64': '英数字と _ - で64文字以内',
  'a token id': 'トークンの番号',
  'this guard cannot mask: block or record': 'この検査に mask は使えません（block か record）',
  'at least two letters or digits': '文字か数字を2つ以上',
  'at most 1024 tokens': '1024 トークンまで',
  'a JSON object of at most 32 levels, 10000 values and 262144 characters':
    '32 階層・10000 個の値・262144 文字までの JSON オブジェクト',
  'every name once': '名前は1回ずつ',
  'needs tools': 'tools が必要です',
  'one of tools': 'tools のいずれか',
  'needs logprobs': 'logprobs が必要です',
};

const typeNames: Readonly<Record<string, string>> = {
  string: '文字列',
  number: '数値',
  int: '整数',
  boolean: '真偽値',
  array: '配列',
  object: 'オブジェクト',
  record: 'オブジェクト',
};

/**
 * Every problem that a schema found, one per field, with its dotted path and a message in both
 * languages. The message never repeats the value that was given: it may be secret or personal.
 */
export function faultsOf(error: z.ZodError): Fault[] {
  const faults = error.issues.flatMap((issue) => faultsOfIssue(issue, []));
  if (faults.length <= FAULTS_MAX) return faults;
  const rest = faults.length - FAULTS_MAX + 1;
  return [
    ...faults.slice(0, FAULTS_MAX - 1),
    { path: '', message: { ja: `ほかに ${rest} 件の誤りがあります`, en: `and ${rest} more faults` } },
  ];
}

/** `['tenants', 0, 'name']` to `tenants.0.name`. */
export function dottedPath(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

function faultsOfIssue(issue: Issue, prefix: readonly PropertyKey[]): Fault[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      // A key is the sender's text of any length.
      path: dottedPath([...path, key.slice(0, KEY_CHARACTERS_MAX)]),
      message: { ja: '知らない項目です', en: 'unknown field' },
    }));
  }
  if (issue.code !== 'invalid_union') return [{ path: dottedPath(path), message: messageOf(issue) }];
  // The branch with the fewest problems is most likely the one that was meant.
  const closest = issue.errors.toSorted((a, b) => a.length - b.length)[0];
  if (closest !== undefined && closest.length > 0) {
    return closest.flatMap((inner) => faultsOfIssue(inner, path));
  }
  return [{ path: dottedPath(path), message: unionMessage(issue) }];
}

function unionMessage(issue: z.core.$ZodIssueInvalidUnion): Fault['message'] {
  // Zod names the values that a discriminator may have, though its type does not say so.
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  if (options.length === 0)
    return { ja: 'どの形にも当てはまりません', en: 'matches none of the accepted forms' };
  return {
    ja: `${options.join('、')} のいずれかにしてください`,
    en: `expected one of ${options.join(', ')}`,
  };
}

function messageOf(issue: Issue): Fault['message'] {
  if (issue.code === 'invalid_type') return typeMessage(issue);
  const en = localised(english(rawOf(issue)), issue.message);
  if (issue.message !== en) {
    return { ja: ownMessages[issue.message] ?? issue.message, en: issue.message };
  }
  return { ja: localised(japanese(rawOf(issue)), issue.message), en };
}

/** A finished issue no longer has its input, so the locales cannot say what was received. */
function typeMessage(issue: z.core.$ZodIssueInvalidType): Fault['message'] {
  const missing = issue.message.endsWith('received undefined');
  const ja = typeNames[issue.expected] ?? issue.expected;
  return missing
    ? { ja: `必須の項目です（${ja}）`, en: `required (${issue.expected})` }
    : { ja: `${ja}にしてください`, en: issue.message };
}

function rawOf(issue: Issue): z.core.$ZodRawIssue {
  return { ...issue, input: undefined };
}

function localised(answer: string | { message: string } | null | undefined, fallback: string): string {
  if (typeof answer === 'string') return answer;
  return answer?.message ?? fallback;
}
