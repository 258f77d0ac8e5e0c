import { describe, expect, it } from 'vitest';
import { errorDefinitions, SekishoError, type ErrorCode } from './errors.ts';

const codes = Object.keys(errorDefinitions) as ErrorCode[];

describe('an error', () => {
  it.each(codes)('%s reads well in both languages, with and without a detail', (code) => {
    const { status, documentation } = errorDefinitions[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(documentation).toMatch(/\.$/);
    for (const detail of ['', { ja: '詳細', en: 'detail' }]) {
      const error = new SekishoError(code, detail);
      expect(error.messageIn('ja')).toMatch(/[ぁ-んァ-ヶ一-龠]/);
      expect(error.messageIn('en')).toMatch(/^[\x20-\x7e]+$/);
      expect(error.messageIn('en')).not.toMatch(/\{detail\}|\s$/);
      expect(error.status).toBe(status);
    }
  });

  it('holds its detail as it is, also where it looks like a replacement', () => {
    const detail = "$& $1 $$ $` $' {detail}";
    expect(new SekishoError('model_not_found', detail).messageIn('en')).toContain(detail);
  });

  it('keeps its cause out of every text', () => {
    const error = new SekishoError('upstream_failed', '', { cause: new Error('secret-host:8000') });
    expect(`${error.message} ${error.messageIn('ja')} ${JSON.stringify(error)}`).not.toContain('secret-host');
    expect((error.cause as Error).message).toContain('secret-host');
  });
});
