import { tailOf } from './detector.ts';
import type { Detector } from './detector.ts';
import { matches } from './personal-data.ts';

const KEY_LENGTH_MAX = 512;
const PRIVATE_KEY_LENGTH_MAX = 16 * 1024;

/** Prefixes by which issuers mark their secrets, so that they can be found when they leak. */
const API_KEY = new RegExp(
  [
    'sk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,200}', // OpenAI, Anthropic
    'sekisho_[A-Za-z0-9_-]{16,200}',
    '(?:AKIA|ASIA)[A-Z0-9]{16}', // AWS access key id
    'gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255}', // GitHub
    'glpat-[A-Za-z0-9_-]{20,100}', // GitLab
    'xox[abprs]-[A-Za-z0-9-]{10,200}', // Slack
    'AIza[A-Za-z0-9_-]{35}', // Google
    'npm_[A-Za-z0-9]{36}',
    'eyJ[A-Za-z0-9_-]{10,400}\\.eyJ[A-Za-z0-9_-]{10,400}\\.[A-Za-z0-9_-]{10,400}', // JWT (RFC 7519)
    'AccountKey=[A-Za-z0-9+/]{40,120}={0,2}', // Azure Storage
    'hf_[A-Za-z0-9]{30,100}', // Hugging Face
  ]
    .map((pattern) => `(?:${pattern})`)
    .join('|'),
  'g',
);

export const apiKeyDetector: Detector = {
  kind: 'api-key',
  find: (text) => matches(API_KEY, text),
  holdFrom: (text) => tailOf(text, 3 * KEY_LENGTH_MAX, (character) => /[A-Za-z0-9_+/=.-]/.test(character)),
};

const PRIVATE_KEY_BEGIN = '-----BEGIN ';
const PRIVATE_KEY = new RegExp(
  `-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----[A-Za-z0-9+/=\\s:,.-]{0,${PRIVATE_KEY_LENGTH_MAX}}?(?:-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----|$)`,
  'g',
);

/** PEM (RFC 7468); one that is cut off counts as well. */
export const privateKeyDetector: Detector = {
  kind: 'private-key',
  find: (text) => matches(PRIVATE_KEY, text),
  holdFrom: (text) => {
    const begun = text.lastIndexOf(PRIVATE_KEY_BEGIN);
    const isOpen =
      begun >= 0 &&
      text.length - begun <= PRIVATE_KEY_LENGTH_MAX &&
      !/-----END [A-Z0-9 ]{0,64}-----/.test(text.slice(begun));
    return isOpen
      ? begun
      : tailOf(text, PRIVATE_KEY_BEGIN.length, (character) => /[-BEGIN ]/.test(character));
  },
};
