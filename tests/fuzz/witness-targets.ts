import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatAddCheckpoint, parseNote, parseVerifierKey, signCheckpoint, utf8 } from '@sekisho/proof';
import { readSubmission } from '../../packages/cli/src/witness/judge-submission.ts';
import { openWitnessKeys } from '../../packages/cli/src/witness/witness-key.ts';
import { LogWitness, originHash } from '../../packages/cli/src/witness/witness-state.ts';
import { sampleCosigner } from '../../packages/proof/src/testing/golden-witness-vectors.ts';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { httpWitnessClient } from '../../packages/server/src/adapters/witnesses/index.ts';
import { mutatedJson } from './json-mutations.ts';
import { ACCEPTED, requireThat } from './parser-target.ts';
import type { ParserTarget } from './parser-target.ts';
import { goldenFiles } from './sample-files.ts';

/** A witness between a hostile log and a hostile disk, and a cell before a hostile witness. */

const signer = sampleSigner(sampleOrigin);
const checkpoint = { origin: sampleOrigin, size: 19, root: new Uint8Array(32).fill(7) };
const note = signCheckpoint(checkpoint, signer);
const logs = new Map([
  [sampleOrigin, { origin: sampleOrigin, keys: [parseVerifierKey(signer.verifierKey)] }],
]);
const cosigner = sampleCosigner('witness.north.example');
const witnessKeys = {
  name: cosigner.name,
  cosigners: [cosigner],
  verifiers: [parseVerifierKey(cosigner.verifierKey)],
} as const;
const cosigned = note + cosigner.cosign(parseNote(note).body, 1_775_000_000);

const submissionTarget: ParserTarget = {
  name: 'witness-submission',
  corpus: [
    utf8(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: note })),
    utf8(formatAddCheckpoint({ oldSize: 3, proof: [checkpoint.root], checkpoint: cosigned })),
    ...goldenFiles('checkpoints/**').map((each) => Buffer.concat([Buffer.from('old 0\n\n'), each])),
  ],
  outcomes: [ACCEPTED, '400', '403', '404'],
  parse(input) {
    const verdict = readSubmission(input, logs);
    if (!verdict.read) return { code: String(verdict.status), where: verdict.reason };
    // The golden files hold another checkpoint that the same key signed.
    requireThat(
      verdict.submission.parsed.size === 19 || signedSizes.has(verdict.submission.parsed.size),
      'a tree that nobody signed',
    );
    return { code: ACCEPTED };
  },
};

const signedSizes = new Set(
  goldenFiles('checkpoints/valid/*').map((each) => Number(Buffer.from(each).toString('utf8').split('\n')[1])),
);

/** Files in a folder of their own, made once. */
async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sekisho-fuzz-'));
}

function stateTarget(): ParserTarget {
  let home: Promise<string> | undefined;
  return {
    name: 'witness-state',
    corpus: [utf8(note), utf8(cosigned)],
    outcomes: [ACCEPTED, 'witness_state_unusable'],
    share: 0.05,
    waits: true,
    async parse(input) {
      home ??= folder();
      const logFolder = join(await home, 'logs', originHash(sampleOrigin));
      await mkdir(logFolder, { recursive: true });
      await writeFile(join(logFolder, 'checkpoint'), input);
      const witness = await LogWitness.open(await home, sampleOrigin, witnessKeys, () => 0);
      requireThat(
        parseNote(witness.latest ?? '').body === parseNote(note).body,
        'a tree that it never cosigned',
      );
    },
    close: async () => home && rm(await home, { recursive: true }),
  };
}

function keyTarget(): ParserTarget {
  const seed = Buffer.alloc(32, 5).toString('base64');
  let home: Promise<string> | undefined;
  return {
    name: 'witness-key',
    corpus: [
      { format: 1, name: 'witness.example', algorithm: 'ed25519', seed },
      {
        format: 2,
        name: 'witness.example',
        keys: [{ algorithm: 'ml-dsa-44', seed }],
        retired: [cosigner.verifierKey],
      },
    ].map((file) => utf8(JSON.stringify(file))),
    outcomes: [ACCEPTED, 'witness_state_unusable'],
    share: 0.05,
    waits: true,
    mutate: mutatedJson,
    async parse(input) {
      home ??= folder();
      await writeFile(join(await home, 'witness-key.json'), input, { mode: 0o600 });
      await openWitnessKeys(await home, {});
    },
    close: async () => home && rm(await home, { recursive: true }),
  };
}

/** Any bytes instead of an HTTP answer. */
function answerTarget(): ParserTarget {
  let answer: Uint8Array = utf8('');
  const client = httpWitnessClient({ connectMs: 500, answerMs: 1000 });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  let listening: Promise<unknown> | undefined;
  return {
    name: 'witness-answer',
    corpus: [
      response('200 OK', 'text/plain', cosigned.slice(note.length)),
      response('409 Conflict', 'text/x.tlog.size', '12\n'),
      response('409 Conflict', 'text/plain', '12\n'),
      response('422 Unprocessable', 'text/plain', 'no'),
      response('503 Busy', 'text/plain', 'later'),
      utf8('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    ],
    outcomes: ['cosigned', 'conflict', 'refused', 'unreachable'],
    bytesMax: 100_000,
    share: 0.05,
    waits: true,
    async parse(input) {
      listening ??= once(server.listen(0, '127.0.0.1'), 'listening');
      await listening;
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      answer = Uint8Array.from(input);
      const submission = { oldSize: 0, proof: [], checkpoint: note };
      try {
        const read = await client.addCheckpoint(`http://127.0.0.1:${port}`, submission);
        if (read.kind === 'cosigned') requireThat(read.lines.length <= 64 * 1024, 'an answer without an end');
        if (read.kind === 'conflict') requireThat(Number.isSafeInteger(read.size), 'a size that is none');
        return { code: read.kind };
      } catch (error) {
        // The port allows any error here, with whatever text: the caller only learns that there was none.
        if (error instanceof Error && !(error instanceof RangeError || error instanceof ReferenceError)) {
          if (error.name !== 'OracleFault') return { code: 'unreachable' };
        }
        throw error;
      }
    },
    async close() {
      await client.close();
      if (listening !== undefined) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function response(status: string, type: string, body: string): Uint8Array {
  const length = Buffer.byteLength(body);
  return utf8(
    `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

export function witnessTargets(): ParserTarget[] {
  return [submissionTarget, stateTarget(), keyTarget(), answerTarget()];
}
