import { Platform, type LegalHold } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import { systemRandom, uuidV7 } from '../../base/random.ts';
import {
  endedRetention,
  endOf,
  firstCrossingAt,
  holdsOver,
  isCovered,
  payloadPath,
  startOfCrossing,
} from './index.ts';

const DAY = Date.UTC(2026, 3, 1);
const crossing = uuidV7(DAY, systemRandom());
const thing = { tenant: 'city', workspace: 'welfare', crossing };

function hold(scope: LegalHold['scope'], over: Partial<LegalHold> = {}): LegalHold {
  const placed = { placedAt: '2026-04-02T00:00:00.000Z', placedBy: 'operator:admin' };
  return { tenant: 'city', hold: 'case', scope, ...placed, ...over };
}

describe('the time of a crossing', () => {
  it('stands in its id, and the first id of a moment parts earlier from later', () => {
    expect(startOfCrossing(crossing)).toBe(DAY);
    expect(firstCrossingAt(DAY) <= crossing).toBe(true);
    expect(firstCrossingAt(DAY + 1) > crossing).toBe(true);
    expect(startOfCrossing(firstCrossingAt(DAY))).toBe(DAY);
    expect(endOf(DAY, 30)).toBe('2026-05-01T00:00:00.000Z');
    expect(payloadPath({ ...thing, kind: 'answer' })).toBe(`city/2026-04-01/${crossing}.answer`);
  });
});

describe('a legal hold', () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  it.each<[string, LegalHold['scope'], boolean]>([
    ['everything', {}, true],
    ['its workspace', { workspace: 'welfare' }, true],
    ['another workspace', { workspace: 'tax' }, false],
    ['the crossing', { crossing }, true],
    ['another crossing', { crossing: uuidV7(DAY, systemRandom()) }, false],
    ['from its very moment', { from: at(DAY) }, true],
    ['from a moment later', { from: at(DAY + 1) }, false],
    ['to its very moment, which is exclusive', { to: at(DAY) }, false],
    ['to a moment later', { to: at(DAY + 1) }, true],
    [
      'all fields, one of which does not fit',
      { workspace: 'welfare', crossing, from: at(DAY), to: at(DAY) },
      false,
    ],
  ])('over %s', (_name, scope, covered) => {
    expect(isCovered(hold(scope), thing)).toBe(covered);
  });

  it('of another tenant or released covers nothing', () => {
    expect(isCovered(hold({}, { tenant: 'town' }), thing)).toBe(false);
    expect(isCovered(hold({}, { releasedAt: '2026-04-03T00:00:00.000Z' }), thing)).toBe(false);
    const standing = hold({});
    expect(holdsOver([hold({ workspace: 'tax' }), standing], [thing])).toEqual([standing]);
    expect(holdsOver([standing], [])).toEqual([]);
  });
});

describe('what has outlived its days', () => {
  it('is named by class and by salts, and nothing for a workspace without rules', () => {
    const name = { ja: '名', en: 'name' };
    const boundary = { allow: {} };
    const workspace = { id: 'welfare', name, dataClasses: ['special-care'], boundary, presets: [] };
    const site = { id: 'tokyo', name, place: 'JP-13', operator: { name: 'o', country: 'JP' } };
    const platform = Platform.parse({
      apiVersion: 'sekisho/v1',
      operator: { name: 'o', country: 'JP' },
      sites: [site],
      endpoints: [],
      prices: [],
      tenants: [
        {
          id: 'city',
          name,
          workspaces: [
            { ...workspace, id: 'tax' },
            {
              ...workspace,
              retention: {
                payloads: { 'special-care': { keep: ['request'], days: 10 } },
                saltDays: 100,
              },
            },
          ],
        },
      ],
    });
    const day = 24 * 60 * 60 * 1000;
    expect(endedRetention(platform, DAY)).toEqual([
      {
        tenant: 'city',
        workspace: 'welfare',
        dataClass: 'special-care',
        before: firstCrossingAt(DAY - 10 * day),
      },
      { tenant: 'city', workspace: 'welfare', before: firstCrossingAt(DAY - 100 * day) },
    ]);
  });
});
