import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeIntentAttachment,
  decodeOutcomeAttachment,
  encodeIntentAttachment,
  encodeOutcomeAttachment,
  type IntentAttachment,
  type OutcomeAttachment,
} from './crossing-attachment.ts';

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const length = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 });

describe('attachments of a crossing', () => {
  it('come back as they were', () => {
    const intents = fc.record({ requestSalt: secret, payloadKey: secret }, { requiredKeys: ['requestSalt'] });
    const kept = fc.record({ request: length, answer: length }, { requiredKeys: [] });
    const outcomes = fc.record(
      { requestSalt: secret, answerSalt: secret, kept },
      { requiredKeys: ['requestSalt'] },
    );
    fc.assert(
      fc.property(intents, outcomes, (intent, outcome) => {
        expect(decodeIntentAttachment(encodeIntentAttachment(intent as IntentAttachment))).toEqual(intent);
        expect(decodeOutcomeAttachment(encodeOutcomeAttachment(outcome as OutcomeAttachment))).toEqual(
          outcome,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('of any other length or mark are refused', () => {
    for (const bytes of [0, 1, 31, 33, 63, 65, 96]) {
      expect(() => decodeIntentAttachment(Buffer.alloc(bytes))).toThrow('attachment');
    }
    // 49 and 81 have the length, but no mark.
    for (const bytes of [0, 17, 31, 33, 48, 49, 50, 65, 81, 96, 113]) {
      expect(() => decodeOutcomeAttachment(Buffer.alloc(bytes))).toThrow('attachment');
    }
  });
});
