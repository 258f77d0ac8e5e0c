/**
 * Gives every target every hostile input of `process.argv[2]` bytes. Run with little memory: what holds
 * more than a few times its input ends this process. The last line is a report as JSON.
 */
import { allTargets } from './all-targets.ts';
import { measuring } from './call-cost.ts';
import { boundMs } from './fuzz-run.ts';
import { hostileInputs } from './hostile-inputs.ts';
import { outcomeOfThrown } from './parser-target.ts';

const bytes = Number(process.argv[2]);
const faults: string[] = [];
let slowest = { what: '', ms: 0 };
let given = 0;
for (const target of allTargets()) {
  for (const [name, make] of Object.entries(hostileInputs)) {
    const input = Uint8Array.from(make(bytes));
    const what = `${target.name}: ${name}`;
    let ms = Number.POSITIVE_INFINITY;
    // Another process may have had the processor: slow is what is slow each time.
    for (let times = 0; times < 3 && ms > boundMs(input.length, target.waits); times++) {
      const costMs = measuring(target.waits);
      try {
        await target.parse(input);
      } catch (thrown) {
        if (outcomeOfThrown(thrown) === undefined) faults.push(`${what}: ${String(thrown)}`);
      }
      ms = Math.min(ms, costMs());
    }
    given++;
    if (ms > slowest.ms) slowest = { what, ms };
    if (ms > boundMs(input.length, target.waits)) faults.push(`${what}: ${Math.round(ms)} ms`);
  }
  await target.close?.();
}
const residentMiB = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ given, faults, slowest, residentMiB }));
process.exit(0);
