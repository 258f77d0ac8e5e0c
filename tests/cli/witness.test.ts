/** `sekisho witness` as its own process, asked by logs that are honest and logs that are not. */
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consistencyProof,
  emptyTreeHash,
  formatAddCheckpoint,
  leafHash,
  parseNote,
  parseTimedSignature,
  parseVerifierKey,
  signCheckpoint,
  treeHash,
  utf8,
  verifyCheckpoint,
  verifyNote,
} from '@sekisho/proof';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { growTree, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { WitnessProcess } from '../harness/witness-process.ts';
import { sekisho } from './run-command.ts';

const origin = 'cell.example.jp/ledger/cell';
const signer = sampleSigner(origin);
const stranger = sampleSigner('stranger.example/ledger/cell');

/** A log of many leaves; `fork` makes another one that agrees with it in the first three. */
function logOf(fork: string) {
  const leaves = Array.from({ length: 64 }, (_, n) => leafHash(utf8(n < 3 ? `leaf ${n}` : `${fork} ${n}`)));
  const { readHash } = growTree(leaves);
  const note = async (size: number): Promise<string> =>
    signCheckpoint({ origin, size, root: await treeHash(size, readHash) }, signer);
  const request = async (oldSize: number, size: number): Promise<string> =>
    formatAddCheckpoint({
      oldSize,
      proof: await consistencyProof(oldSize, size, readHash),
      checkpoint: await note(size),
    });
  return { note, request };
}
const honest = logOf('honest');
const forked = logOf('forked');

let folder: string;
let state: string;
let witness: WitnessProcess | undefined;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-witness-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  state = join(folder, String(count++));
});
afterEach(async () => {
  await witness?.kill();
  witness = undefined;
});

async function start(options?: Parameters<typeof WitnessProcess.start>[2]): Promise<WitnessProcess> {
  witness = await WitnessProcess.start(state, [signer.verifierKey], options);
  return witness;
}

/** Status and body; the body of a 200 is checked to be the witness's word on that checkpoint. */
async function submit(to: WitnessProcess, request: string): Promise<[number, string]> {
  const response = await to.submit(request);
  const text = await response.text();
  if (response.status === 200) {
    const note = request.slice(request.indexOf('\n\n') + 2);
    const key = parseVerifierKey(to.verifierKey);
    expect(verifyNote(note + text, [key]).signedBy).toEqual([key]);
  }
  if (response.status === 409) expect(response.headers.get('content-type')).toBe('text/x.tlog.size');
  return [response.status, text];
}

async function latestSize(of: WitnessProcess): Promise<number> {
  const hash = createHash('sha256').update(origin).digest('hex');
  const response = await fetch(`${of.url}/${hash}/checkpoint`);
  if (response.status === 404) return 0;
  const keys = [signer.verifierKey, of.verifierKey].map(parseVerifierKey);
  return verifyCheckpoint(await response.text(), keys).size;
}

describe('add-checkpoint', () => {
  test('cosigns what continues what it saw, and states the time', async () => {
    const running = await start();
    const before = Math.floor(Date.now() / 1000);
    const [status, line] = await submit(running, await honest.request(0, 5));
    expect(status).toBe(200);
    const [signature] = parseNote(`${await honest.note(5)}${line}`).signatures.slice(-1);
    const time = parseTimedSignature(signature!.signature)!.timeSeconds;
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
    expect((await submit(running, await honest.request(5, 5)))[0]).toBe(200);
    expect((await submit(running, await honest.request(5, 40)))[0]).toBe(200);
    expect(await latestSize(running)).toBe(40);
    expect(running.errors()).toBe('');
  });

  test('refuses forks and rollbacks, and keeps what it saw', async () => {
    const running = await start();
    expect((await submit(running, await honest.request(0, 10)))[0]).toBe(200);
    expect(await submit(running, await honest.request(0, 10))).toEqual([409, '10\n']);
    expect(await submit(running, await honest.request(3, 5))).toEqual([409, '10\n']);
    expect((await submit(running, await forked.request(10, 20)))[0]).toBe(422);
    expect(running.errors()).toBe('');
    // The same size and another root: the log's two signatures are the proof, told once.
    expect((await submit(running, await forked.request(10, 10)))[0]).toBe(422);
    expect(await submit(running, await forked.request(3, 10))).toEqual([409, '10\n']);
    const told = running.errors().trim().split('\n');
    expect(told).toHaveLength(2);
    const proof = JSON.parse(told[1]!) as { known: string; submitted: string };
    const key = [parseVerifierKey(signer.verifierKey)];
    const [known, submitted] = [verifyCheckpoint(proof.known, key), verifyCheckpoint(proof.submitted, key)];
    expect([known.size, submitted.size]).toEqual([10, 10]);
    expect(known.root).not.toEqual(submitted.root);
    expect(await latestSize(running)).toBe(10);
  });

  test('answers as the specification says', async () => {
    const running = await start();
    const note = await honest.note(5);
    const hash = `${'A'.repeat(43)}=`;
    const foreign = signCheckpoint({ origin: stranger.name, size: 1, root: new Uint8Array(32) }, stranger);
    const unsigned = signCheckpoint({ origin, size: 1, root: new Uint8Array(32) }, stranger);
    const badlySigned = note.replace('\n5\n', '\n6\n');
    const empty = (root: Uint8Array): string => signCheckpoint({ origin, size: 0, root }, signer);
    const cases: [string, number][] = [
      ['', 400],
      ['nonsense', 400],
      [`old 0\n${note}`, 400],
      [`old 0\n\n${note.replace('\u2014', '-')}`, 400],
      [`old 00\n\n${note}`, 400],
      [`old 1\n${`${hash}\n`.repeat(64)}\n${note}`, 400],
      [`old 6\n\n${note}`, 400],
      [`old 0\n\n${foreign}`, 404],
      [`old 0\n\n${unsigned}`, 403],
      [`old 0\n\n${badlySigned}`, 403],
      [`old 2\n\n${note}`, 409],
      [`old 0\n${hash}\n\n${note}`, 422],
      [`old 0\n\n${empty(new Uint8Array(32))}`, 422],
      [`old 0\n\n${empty(emptyTreeHash)}`, 200],
      [`old 0\n\n${'x'.repeat(200_000)}`, 413],
    ];
    for (const [request, status] of cases) {
      expect([request.slice(0, 40), (await submit(running, request))[0]]).toEqual([
        request.slice(0, 40),
        status,
      ]);
    }
    expect((await fetch(`${running.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${running.url}/`)).status).toBe(404);
    expect((await submit(running, await honest.request(0, 5)))[0]).toBe(200);
  });

  test('twenty at once never roll it back', async () => {
    const running = await start();
    expect((await submit(running, await honest.request(0, 1)))[0]).toBe(200);
    const first = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => submit(running, await honest.request(1, n + 2))),
    );
    expect(first.filter(([status]) => status === 200)).toHaveLength(1);
    const winner = await latestSize(running);
    expect(first.filter(([status, text]) => status === 409 && text === `${winner}\n`)).toHaveLength(19);

    // All of them again, each as stubborn as a client is: what is seen never shrinks.
    const seen: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const size = 30 + n;
        for (let known = winner; known <= size;) {
          const [status, text] = await submit(running, await honest.request(known, size));
          seen.push(await latestSize(running));
          if (status === 200) return;
          expect(status).toBe(409);
          expect(Number(text)).toBeGreaterThan(known);
          known = Number(text);
        }
      }),
    );
    expect(await latestSize(running)).toBe(49);
    expect(Math.max(...seen)).toBe(49);
  });
});

describe('its state', () => {
  test('outlives kill -9, and forgets nothing that was cosigned', async () => {
    const { port, verifierKey } = await start();
    let known = 0;
    for (let life = 0; life < 3; life++) {
      const running = witness!;
      const acknowledged = known;
      // Killed with the last submission under way: it may count or not.
      for (let size = known + 1; size < known + 5; size++) {
        expect((await submit(running, await honest.request(size - 1, size)))[0]).toBe(200);
      }
      known += 4;
      const underWay = submit(running, await honest.request(known, known + 1)).catch(() => undefined);
      await running.kill();
      const answered = await underWay;
      if (answered?.[0] === 200) known++;
      const again = await start({ port });
      expect(again.verifierKey).toBe(verifierKey);
      const size = await latestSize(again);
      expect(size).toBeGreaterThanOrEqual(known);
      expect(size).toBeLessThanOrEqual(acknowledged + 5);
      known = size;
      expect((await submit(again, await forked.request(known, known + 5)))[0]).toBe(422);
    }
    expect(await witness!.stop()).toBe(0);
  });

  test('has a key of its own that only its owner reads, and that stays', async () => {
    const shown = await sekisho(['witness', 'key', '--state', state, '--name', 'w.example.jp/南']);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    const key = parseVerifierKey(shown.stdout.trimEnd());
    expect([key.role, key.name, key.type]).toEqual(['cosigner', 'w.example.jp/南', 4]);
    expect((await stat(join(state, 'witness-key.json'))).mode & 0o777).toBe(0o600);
    expect((await sekisho(['witness', 'key', '--state', state])).stdout).toBe(shown.stdout);
    for (const other of [
      ['--name', 'other'],
      ['--key-type', 'ml-dsa-44'],
    ]) {
      const refused = await sekisho(['witness', 'key', '--state', state, ...other, '--json']);
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toContain('witness_state_unusable');
    }
    await chmod(join(state, 'witness-key.json'), 0o644);
    const exposed = await sekisho(['witness', 'key', '--state', state]);
    expect([exposed.code, exposed.stdout]).toEqual([2, '']);
  });

  test('can have an ML-DSA-44 key', async () => {
    const running = await start({ more: ['--key-type', 'ml-dsa-44'] });
    expect(parseVerifierKey(running.verifierKey).type).toBe(6);
    expect((await submit(running, await honest.request(0, 3)))[0]).toBe(200);
    expect((await submit(running, await honest.request(3, 7)))[0]).toBe(200);
  });

  test('is not taken up when it is damaged, and never starts from nothing instead', async () => {
    const running = await start();
    expect((await submit(running, await honest.request(0, 10)))[0]).toBe(200);
    await running.kill();
    const hash = createHash('sha256').update(origin).digest('hex');
    const file = join(state, 'logs', hash, 'checkpoint');
    const stored = await readFile(file, 'utf8');
    for (const damage of ['', stored.slice(0, -1), stored.replace('\n10\n', '\n1\n'), await honest.note(3)]) {
      await writeFile(file, damage);
      const refused = await sekisho([
        'witness',
        '--state',
        state,
        '--listen',
        '127.0.0.1:0',
        '--log',
        signer.verifierKey,
      ]);
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toContain('witness_state_unusable');
    }
  });

  test('belongs to one witness at a time', async () => {
    await start();
    const second = await sekisho([
      'witness',
      '--state',
      state,
      '--listen',
      '127.0.0.1:0',
      '--log',
      signer.verifierKey,
    ]);
    expect([second.code, second.stdout]).toEqual([2, '']);
    expect(second.stderr).toContain('witness_state_unusable');
  });
});

test.each([
  [['--log', signer.verifierKey], 'usage'],
  [['--state', 'STATE'], 'usage'],
  [['key'], 'usage'],
  [['key', '--state', 'STATE', '--listen', '127.0.0.1:0'], 'usage'],
  [['--state', 'STATE', '--log', 'nonsense'], 'verifier_key_invalid'],
  [['--state', 'STATE', '--log', signer.verifierKey, '--listen', 'nowhere'], 'usage'],
  [['--state', 'STATE', '--log', signer.verifierKey, '--listen', '192.0.2.1:1'], 'address_unusable'],
  [['--state', 'STATE', '--log', signer.verifierKey, '--name', 'a b'], 'usage'],
])('%j is refused', async (args, code) => {
  const {
    stdout,
    stderr,
    code: exit,
  } = await sekisho(['witness', ...args.map((each) => (each === 'STATE' ? state : each))]);
  expect([exit, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`[${code}]`);
});

describe('witness check', () => {
  const vectors = join(import.meta.dirname, '..', '..', 'vectors', 'witnesses');
  const policy = join(vectors, 'policies', 'valid', 'two-of-three.policy');
  const check = (file: string, ...more: string[]) =>
    sekisho(['witness', 'check', join(vectors, file), '--policy', policy, ...more]);

  test.each([
    ['cosigned/valid/three.txt', 0, 'satisfied', 3],
    ['cosigned/unsatisfied/one-twice.txt', 1, 'unsatisfied', 1],
  ])('judges %s', async (file, code, verdict, signers) => {
    const judged = await check(file, '--json');
    expect([judged.code, judged.stderr]).toEqual([code, '']);
    const answer = JSON.parse(judged.stdout) as { verdict: string; witnesses: { timeSeconds: number }[] };
    expect([answer.verdict, answer.witnesses.length]).toEqual([verdict, signers]);
    expect(answer.witnesses[0]!.timeSeconds).toBe(1_775_000_000);
    const shown = await check(file, '--lang', 'ja');
    expect(shown.code).toBe(code);
    expect(shown.stdout).toContain('north');
  });

  test('says why a checkpoint is invalid, and when there is no policy', async () => {
    const invalid = await check('cosigned/invalid/ed25519-of-another-tree.txt', '--json');
    expect([invalid.code, JSON.parse(invalid.stdout)]).toMatchObject([
      1,
      { verdict: 'invalid', code: 'note_signature_invalid', where: 'signatures.1' },
    ]);
    expect((await check('cosigned/valid/three.txt', '--state', state)).code).toBe(2);
    const bad = join(vectors, 'policies', 'invalid', 'member-twice.policy');
    const file = join(vectors, 'cosigned', 'valid', 'three.txt');
    const refused = await sekisho(['witness', 'check', file, '--policy', bad]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('[witness_policy_invalid]');
  });
});
