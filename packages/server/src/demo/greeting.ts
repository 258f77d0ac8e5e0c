import type { Language } from '@sekisho/contract';
import type { DemoFile } from './start-demo.ts';

/** What `npm start` prints once the cell answers: at most 20 lines. */
export function demoGreeting(demo: DemoFile, demoFile: string, language: Language): string {
  const ministry = demo.apiKeys['policy-drafting'] ?? '';
  const texts = language === 'ja' ? japanese : english;
  const curl = (model: string, content: string): string[] => [
    `  curl -i ${demo.url}/v1/chat/completions -H 'Content-Type: application/json' \\`,
    `    -H 'Authorization: Bearer ${ministry}' \\`,
    `    -d '{"model":"${model}","messages":[{"role":"user","content":"${content}"}]}'`,
  ];
  return [
    texts.title,
    `  ${texts.console}  ${demo.url}/`,
    `  ${texts.key}  ${ministry}`,
    '',
    texts.allowed,
    ...curl('sekisho-mini', texts.question),
    '',
    texts.refused,
    ...curl('sekisho-mini-overseas', texts.question),
    '',
    texts.verify,
    `  curl -s ${demo.url}/v1/receipts/<${texts.id}> \\`,
    `    -H 'Authorization: Bearer ${ministry}' > receipt.json`,
    `  npx sekisho verify receipt.json --key ${demo.verifierKeyFile}`,
    '',
    `${texts.facts} ${demoFile}`,
  ].join('\n');
}

const english = {
  title: 'Sekisho is running. Model: sekisho-mini (demo, 5M parameters). Ctrl-C stops it.',
  console: 'Console:',
  key: 'API key:',
  allowed: 'Answered inside Japan (x-sekisho-receipt in the headers is the receipt id):',
  refused: 'Refused, because the only target is abroad:',
  verify: 'Verify a receipt offline:',
  id: 'receipt id',
  question: 'What is a crossing?',
  facts: 'All of this stands in',
};

const japanese: typeof english = {
  title: '関所（Sekisho）が動いています。モデル: sekisho-mini（デモ、500万パラメーター）。Ctrl-C で停止。',
  console: 'コンソール:',
  key: 'API キー:',
  allowed: '日本国内で応答する例（ヘッダー x-sekisho-receipt が受領証の番号）:',
  refused: '提供先が国外しかないため拒否される例:',
  verify: '受領証をオフラインで検証する:',
  id: '受領証の番号',
  question: 'こんにちは',
  facts: '以上は次のファイルにもあります:',
};
