import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { hostileInputs } from './hostile-inputs.ts';

const full = process.env['SEKISHO_TEST_FULL'] === '1';
const BYTES = (full ? 10 : 0.25) * 1024 * 1024;
/** Of JavaScript's objects: more ends the process. */
const HEAP_MIB = full ? 768 : 160;

/** Of everything, with all the packages: buffers are a few times the input. */
const RESIDENT_MIB = full ? 2500 : 700;

const Report = z.object({
  given: z.int(),
  faults: z.array(z.string()),
  slowest: z.object({ what: z.string(), ms: z.number() }),
  residentMiB: z.number(),
});

test(
  `no parser needs much time or memory for ${BYTES / 1024 / 1024} MiB made to cost them`,
  { timeout: 900_000 },
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      `--max-old-space-size=${HEAP_MIB}`,
      join(import.meta.dirname, 'read-hostile-inputs.ts'),
      String(BYTES),
    ]);
    const report = Report.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
    expect(report.faults).toEqual([]);
    expect(report.residentMiB).toBeLessThan(RESIDENT_MIB);
    expect(report.given).toBeGreaterThanOrEqual(30 * Object.keys(hostileInputs).length);
  },
);
