import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Action, SekishoError } from '@sekisho/contract';
import type { ResidencyQuestion } from '../../domains/residency/index.ts';
import { loadPresets } from './load-presets.ts';
import { endpoint, policyFor, question, site } from './residency-fixture.ts';

const available = await loadPresets(join(import.meta.dirname, '../../../../../jurisdictions'));
const everywhere = Object.fromEntries(Action.options.map((action) => [action, ['JP', 'US']]));
const certified = ['ISMAP', 'LGWAN-ASP'];

/** Each model is served at one kind of site, under a boundary that allows everything. */
const everySite = [
  site('japan', '131016', { certifications: certified }),
  site('japan-uncertified', '131016'),
  site('japan-foreign', '131016', { country: 'US', certifications: certified }),
  site('abroad', 'US', { country: 'JP', certifications: certified }),
];

function policyWith(...presets: string[]) {
  return policyFor(
    { allow: everywhere },
    {
      presets,
      available,
      sites: everySite,
      dataClasses: [
        'confidentiality-1',
        'confidentiality-2',
        'confidentiality-3',
        'my-number',
        'special-care',
      ],
      endpoints: [
        ...everySite.map(({ id }) => endpoint(id, { processing: id }, id)),
        endpoint('backup-abroad', { processing: 'japan', backup: 'abroad' }, 'backup-abroad'),
        endpoint('screen', { processing: 'japan', 'support-screen': 'japan' }, 'screen'),
      ],
    },
  );
}

type Case = readonly [preset: string, asked: Partial<ResidencyQuestion>, refusedBy: string | undefined];

const cases: readonly Case[] = [
  ['jp/my-number', { model: 'japan', dataClass: 'my-number' }, undefined],
  ['jp/my-number', { model: 'japan-foreign', dataClass: 'my-number' }, 'foreign-operator'],
  ['jp/my-number', { model: 'japan-foreign', dataClass: 'confidentiality-1' }, 'foreign-operator'],
  ['jp/my-number', { model: 'abroad', dataClass: 'my-number' }, 'outside-japan'],
  ['jp/my-number', { model: 'backup-abroad', dataClass: 'my-number' }, 'outside-japan'],
  ['jp/my-number', { model: 'screen', dataClass: 'my-number' }, 'support-access'],
  ['jp/my-number', { model: 'japan', action: 'train' }, 'other-use'],
  ['jp/my-number', { model: 'japan', action: 'transfer' }, 'other-use'],
  ['jp/confidentiality-2', { model: 'japan' }, undefined],
  ['jp/confidentiality-2', { model: 'japan-foreign' }, undefined],
  ['jp/confidentiality-2', { model: 'japan-uncertified' }, 'not-assessed'],
  ['jp/confidentiality-2', { model: 'japan-uncertified', dataClass: 'confidentiality-1' }, undefined],
  ['jp/confidentiality-2', { model: 'abroad' }, 'outside-japan'],
  ['jp/confidentiality-2', { model: 'abroad', dataClass: 'confidentiality-1' }, undefined],
  ['jp/confidentiality-2', { model: 'abroad', dataClass: 'special-care' }, 'outside-japan'],
  ['jp/confidentiality-2', { model: 'japan', dataClass: 'confidentiality-3' }, 'above'],
  ['jp/medical', { model: 'japan', dataClass: 'special-care' }, undefined],
  ['jp/medical', { model: 'screen', dataClass: 'special-care' }, undefined],
  ['jp/medical', { model: 'abroad', dataClass: 'special-care' }, 'outside-japanese-law'],
  ['jp/medical', { model: 'backup-abroad', dataClass: 'special-care' }, 'outside-japanese-law'],
  ['jp/medical', { model: 'japan', action: 'train' }, 'secondary-use'],
  ['jp/lgwan', { model: 'japan' }, undefined],
  ['jp/lgwan', { model: 'japan-uncertified' }, 'restricted-destinations'],
  ['jp/lgwan', { model: 'abroad' }, 'outside-japan'],
  ['jp/lgwan', { model: 'japan', dataClass: 'my-number' }, 'my-number'],
];

describe('the presets of Japan', () => {
  it('are these', () => {
    expect(available.map(({ name }) => name)).toEqual([
      'jp/confidentiality-2',
      'jp/lgwan',
      'jp/medical',
      'jp/my-number',
    ]);
  });

  it.each(cases)('%s judges %j', (preset, more, refusedBy) => {
    const asked = { ...question, ...more };
    expect(policyWith().decide(asked).decision).toBe('allow');
    const decision = policyWith(preset).decide(asked);
    expect(decision.decision).toBe(refusedBy === undefined ? 'allow' : 'deny');
    if (refusedBy !== undefined) expect(decision.policies).toContain(`${preset}/${refusedBy}`);
  });

  it('have a case for every policy', () => {
    const stated = available.flatMap(({ cedar }) =>
      [...cedar.matchAll(/^@id\("([^"]+)"\)/gm)].map(([, id]) => id),
    );
    const tried = new Set(cases.map(([preset, , rule]) => `${preset}/${rule}`));
    expect(stated.filter((id) => id === undefined || !tried.has(id))).toEqual([]);
  });

  it('can be used together', () => {
    const decision = policyWith(...available.map(({ name }) => name)).decide({
      ...question,
      model: 'abroad',
    });
    expect(decision.policies).toEqual(
      expect.arrayContaining([
        'jp/lgwan/outside-japan',
        'jp/medical/outside-japanese-law',
        'jp/my-number/outside-japan',
      ]),
    );
  });
});

describe('a preset', () => {
  const reasons = '@reason_ja("理由") @reason_en("reason")';
  it.each([
    ['is unknown', []],
    ['does not parse', ['forbid (']],
    ['permits', [`@id("jp/x/a") ${reasons} permit (principal, action, resource);`]],
    ['has no reasons', ['@id("jp/x/a") forbid (principal, action, resource);']],
    ['has an id that is not its own', [`@id("jp/y/a") ${reasons} forbid (principal, action, resource);`]],
  ])('makes the platform invalid when it %s', (_what, texts) => {
    const presets = texts.map((cedar) => ({ name: 'jp/x', title: { ja: '題', en: 'title' }, cedar }));
    const compiling = () => policyFor({ allow: everywhere }, { presets: ['jp/x'], available: presets });
    expect(compiling).toThrow(SekishoError);
    expect(compiling).toThrow(expect.objectContaining({ code: 'platform_invalid' }));
  });
});

describe('loadPresets', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-presets-'));
  afterAll(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'fr'));
  await mkdir(join(folder, 'us', 'presets'), { recursive: true });

  it('takes a pack without presets for complete', async () => {
    expect(await loadPresets(folder)).toEqual([]);
  });

  it('does not leave out a preset that it cannot read', async () => {
    const file = join(folder, 'us', 'presets', 'health.cedar');
    await writeFile(file, '// @title_en Health\n');
    await expect(loadPresets(folder)).rejects.toThrow('us/health');
    await writeFile(file, `// @title_ja 医療\n// @title_en Health\n${'/'.repeat(70_000)}`);
    await expect(loadPresets(folder)).rejects.toThrow('too large');
    await writeFile(file, '// @title_ja 医療\n// @title_en Health\n');
    expect(await loadPresets(folder)).toMatchObject([
      { name: 'us/health', title: { ja: '医療', en: 'Health' } },
    ]);
  });
});
