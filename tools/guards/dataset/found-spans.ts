/** Numbers, keys and addresses with the guard that must find them, and look-alikes that none may find. None is anybody's. */
import type { GuardKind } from '@sekisho/contract';

export interface SpanCase {
  readonly text: string;
  /** The guard that must find something; of the others it is not said. */
  readonly finds?: GuardKind;
  /** Guards that must find nothing. */
  readonly passes?: readonly GuardKind[];
}

const all: readonly GuardKind[] = ['my-number', 'secrets', 'personal-data'];

export const spanCases: readonly SpanCase[] = [
  ...[
    '123456789018',
    '1234-5678-9018',
    '１２３４５６７８９０１８',
    '1234 5678 9018',
    '一二三四五六七八九〇一八',
    '1\u200b23456789018',
  ].map((number): SpanCase => ({ text: `個人番号は${number}です。`, finds: 'my-number' })),
  // Every wrong check digit of the number above, and numbers of other kinds.
  ...[0, 1, 2, 3, 4, 5, 6, 7, 9].map((digit): SpanCase => ({
    text: `個人番号は12345678901${digit}です。`,
    passes: ['my-number'],
  })),
  ...[
    '注文番号 202604010001',
    '受付 000000000001',
    '口座 1234567',
    '法人番号 4011001098993',
    '2026-04-01 10:30:00',
    '品番 1111-2222-3333-44',
    'ISBN 9784000000002',
    '郵便番号 100-0001',
    '議案第123号',
    '予算 1,234,567,890円',
  ].map((text): SpanCase => ({ text, passes: ['my-number', 'secrets'] })),
  ...[
    'sk-proj-abcdefghijklmnopqrstuvwx0123',
    'AKIAABCDEFGHIJKLMNOP',
    `ghp_${'a1B2'.repeat(9)}`,
    `AIza${'b'.repeat(35)}`,
    'xoxb-1234567890-abcdefghij',
    'glpat-abcdefghij0123456789',
    `npm_${'c3D4'.repeat(9)}`,
  ].map((key): SpanCase => ({ text: `設定に ${key} と書いてあります`, finds: 'secrets' })),
  { text: '-----BEGIN PRIVATE KEY-----\nMIIB0123456789\n-----END PRIVATE KEY-----', finds: 'secrets' },
  ...[
    'sk-short',
    'AKIA-123',
    'APIキーの管理規程',
    '公開鍵 -----BEGIN PUBLIC KEY-----',
    'npm_config_registry',
    'トークンを一つ使います',
  ].map((text): SpanCase => ({ text, passes: all })),
  ...[
    '4111 1111 1111 1111',
    '090-1234-5678',
    '03-1234-5678',
    'taro@example.jp',
    'TZ1234567',
    '東京都千代田区丸の内一丁目1番1号',
    '０９０－１２３４－５６７８',
  ].map((data): SpanCase => ({ text: `連絡先は${data}です`, finds: 'personal-data' })),
  ...[
    '4111 1111 1111 1112',
    '電話番号の一覧表を作る',
    '東京都の人口',
    '@職員 各位',
    '図1-2-3',
    '平成30年4月1日',
    '市区町村コード 131016',
  ].map((text): SpanCase => ({ text, passes: all })),
];
