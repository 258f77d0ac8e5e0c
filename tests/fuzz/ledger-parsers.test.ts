import { refusals } from '@sekisho/proof';
import type { RefusalCode } from '@sekisho/proof';
import { afterAll, describe, expect, test } from 'vitest';
import { allTargets } from './all-targets.ts';
import { fuzz } from './fuzz-run.ts';
import { chosenSeconds, chosenSeed } from './run-settings.ts';

/**
 * Without settings the same inputs on every run and any machine; a full run, or one with a seed or
 * seconds, makes new ones until its time is over.
 */
const seconds = chosenSeconds() ?? (process.env['SEKISHO_TEST_FULL'] === '1' ? 60 : undefined);
const seed =
  seconds === undefined && process.env['SEKISHO_FUZZ_SEED'] === undefined ? 20_260_401 : chosenSeed();
const INPUTS = 1500;
const targets = allTargets();

/** Refusals of what a program asks for, not of bytes that somebody sent. */
const notOfParsers: Partial<Record<RefusalCode, string>> = {
  commitment_malformed: 'the salt that a cell makes has another length',
  entry_too_large: 'an entry that is written, not read',
  tile_out_of_range: 'a tile that a program asks for; a path that names none is no path',
};

describe(`parsers of the ledger against mutated bytes (SEKISHO_FUZZ_SEED=${seed})`, () => {
  test.each(targets.map((target) => [target.name, target] as const))(
    '%s',
    { timeout: 120_000 },
    async (_name, target) => {
      const report = await fuzz(target, {
        seed,
        inputsMax: seconds === undefined ? Math.ceil(INPUTS * (target.share ?? 1)) : Number.MAX_SAFE_INTEGER,
        secondsMax: seconds === undefined ? 60 : seconds / targets.length,
      });
      expect(
        report.faults.map(({ what, number, input }) => ({
          what,
          number,
          input: Buffer.from(input).toString('base64'),
        })),
      ).toEqual([]);
      // A run that comes to nothing proves nothing: every outcome that is foreseen is reached.
      if (seconds === undefined) expect(report.unreached).toEqual([]);
      expect(report.inputs).toBeGreaterThan(target.corpus.length);
    },
  );

  test('come to every refusal that a parser can give', () => {
    const foreseen = new Set<string>(targets.flatMap(({ outcomes }) => outcomes));
    const left = Object.keys(refusals).filter((code) => !foreseen.has(code));
    expect(left.toSorted()).toEqual(Object.keys(notOfParsers).toSorted());
  });

  afterAll(async () => {
    for (const target of targets) await target.close?.();
  });
});
