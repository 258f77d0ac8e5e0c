import { SekishoError } from '@sekisho/contract';
import { ed25519NoteSigner } from '@sekisho/proof';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import type { Random } from '../../base/random.ts';
import type { KeyStanding, SigningKey, SigningKeyStore, StoredKey } from '../../domains/ledger/index.ts';
import { createDurably, makeFolder, readIfPresent, replaceDurably } from '../ledger-files/durable-files.ts';
import {
  KEY_NUMBER_MAX,
  KeyDerivation,
  SALT_BYTES,
  SealedKey,
  openKey,
  sealKey,
  sealingKeyOf,
} from './sealed-key.ts';
import type { KeyFacts } from './sealed-key.ts';

/** N = 2^17: 128 MiB and about half a second, once a start. */
const SCRYPT_COST = 17;
/** What follows the name in the name of a key's file: the first key has no number. */
const NUMBERED = /^(?:\+([1-9]\d{0,3}))?\.key\.json$/;
const PASSPHRASE_BYTES = 32;
const PASSPHRASE_BYTES_MAX = 4096;

interface SoftwareKeystoreOptions {
  /** One sealed file a key. */
  readonly folder: string;
  /** Kept apart from the folder in a backup. Made with a random passphrase when nothing exists yet. */
  readonly passphraseFile: string;
  readonly random: Random;
  /** log2 of scrypt's N for a new keystore; tests lower it. */
  readonly scryptCost?: number;
}

/**
 * Ed25519 keys in files, sealed by a passphrase. It protects a stolen backup or disk, not a
 * machine that somebody else controls: for that there are hardware keystores behind the same port.
 * Rejects with SekishoError `keystore_unusable` for a wrong passphrase or altered files.
 */
export async function openSoftwareKeystore(options: SoftwareKeystoreOptions): Promise<SigningKeyStore> {
  const { folder, passphraseFile, random } = options;
  await makeFolder(folder);
  const derivationFile = join(folder, 'keystore.json');
  const stored = await readIfPresent(derivationFile);
  // A new passphrase for old keys would only hide that the old one is lost.
  const passphrase = await readPassphrase(passphraseFile, stored === undefined ? random : undefined);
  const derivation: KeyDerivation =
    stored === undefined
      ? {
          format: 'sekisho-keystore/v1',
          kdf: 'scrypt',
          cost: options.scryptCost ?? SCRYPT_COST,
          salt: Buffer.from(random.bytes(SALT_BYTES)),
        }
      : parseFile(derivationFile, stored, KeyDerivation);
  if (stored === undefined) {
    const text = JSON.stringify({ ...derivation, salt: derivation.salt.toString('base64') }, null, 2);
    await replaceDurably(derivationFile, Buffer.from(`${text}\n`, 'utf8'));
  }
  return new SoftwareKeystore(folder, await sealingKeyOf(passphrase, derivation), random);
}

class SoftwareKeystore implements SigningKeyStore {
  readonly #folder: string;
  readonly #sealingKey: Buffer;
  readonly #random: Random;
  /** Calls for one name follow each other, so that none makes a key that another replaces. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(folder: string, sealingKey: Buffer, random: Random) {
    this.#folder = folder;
    this.#sealingKey = sealingKey;
    this.#random = random;
  }

  keysOf(name: string): Promise<readonly StoredKey[]> {
    return this.#inTurn(name, () => this.#keysOf(name));
  }

  findOrCreate(name: string): Promise<readonly StoredKey[]> {
    return this.#inTurn(name, async () => {
      const found = await this.#keysOf(name);
      if (found.length > 0) return found;
      // Another replica may make it at the same time: then its key is the key.
      const made = await this.#make(name, 0, { state: 'signing', fromSize: 0 });
      return made === undefined ? this.#keysOf(name) : [made];
    });
  }

  add(name: string, standing: KeyStanding): Promise<StoredKey> {
    return this.#inTurn(name, async () => {
      for (;;) {
        const numbers = (await this.#keysOf(name)).map(({ number }) => number);
        const made = await this.#make(name, Math.max(-1, ...numbers) + 1, standing);
        if (made !== undefined) return made;
      }
    });
  }

  setStanding(name: string, verifierKey: string, standing: KeyStanding): Promise<void> {
    return this.#inTurn(name, async () => {
      const key = (await this.#keysOf(name)).find((known) => known.verifierKey === verifierKey);
      if (key === undefined) throw new SekishoError('not_found', verifierKey);
      const ended = standing.state === 'retired' || standing.state === 'compromised';
      const seed = ended ? new Uint8Array(0) : key.seed;
      if (!ended && seed.length === 0) throw unusable(this.#path(name, key.number));
      await this.#write({ name, number: key.number, verifierKey, standing }, seed);
    });
  }

  async #keysOf(name: string): Promise<OpenedKey[]> {
    const start = encodeURIComponent(name);
    const files = await readdir(this.#folder);
    const numbers = files.flatMap((file) => {
      const matched = file.startsWith(start) ? NUMBERED.exec(file.slice(start.length)) : null;
      return matched === null ? [] : [Number(matched[1] ?? 0)];
    });
    numbers.sort((a, b) => a - b);
    return Promise.all(numbers.map((number) => this.#open(name, number)));
  }

  async #open(name: string, number: number): Promise<OpenedKey> {
    const path = this.#path(name, number);
    const file = parseFile(path, (await readIfPresent(path)) ?? Buffer.alloc(0), SealedKey);
    const seed = openKey(name, file, this.#sealingKey);
    if (seed === undefined) throw unusable(path);
    if (file.format === 'sekisho-key/v1') {
      if (number !== 0) throw unusable(path);
      const signer = ed25519NoteSigner(name, seed);
      return { ...keyOf(signer, { state: 'signing', fromSize: 0 }), number, seed };
    }
    const { standing, verifierKey } = file;
    if (file.number !== number || file.name !== name) throw unusable(path);
    if (seed.length === 0) return { verifierKey, standing, number, seed };
    return { ...keyOf(ed25519NoteSigner(name, seed), standing), number, seed };
  }

  /** Undefined when there is a key of that number. */
  async #make(name: string, number: number, standing: KeyStanding): Promise<OpenedKey | undefined> {
    if (number > KEY_NUMBER_MAX) throw unusable(this.#path(name, number));
    const seed = this.#random.bytes(32);
    const signer = ed25519NoteSigner(name, seed);
    const text = this.#sealed({ name, number, verifierKey: signer.verifierKey, standing }, seed);
    if (!(await createDurably(this.#path(name, number), text, this.#ownEnding()))) return undefined;
    return { ...keyOf(signer, standing), number, seed };
  }

  async #write(facts: KeyFacts, seed: Uint8Array): Promise<void> {
    const text = this.#sealed(facts, seed);
    await replaceDurably(this.#path(facts.name, facts.number), text, this.#ownEnding());
  }

  #sealed(facts: KeyFacts, seed: Uint8Array): Buffer {
    return Buffer.from(sealKey(facts, seed, this.#sealingKey, Buffer.from(this.#random.bytes(12))), 'utf8');
  }

  #ownEnding(): string {
    return `${this.#random.bytes(8).toString('hex')}.next`;
  }

  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(name, settled);
    return turn;
  }

  /** A name holds slashes and no `+`; a file name holds no slash. */
  #path(name: string, number: number): string {
    const suffix = number === 0 ? '' : `+${number}`;
    return join(this.#folder, `${encodeURIComponent(name)}${suffix}.key.json`);
  }
}

interface OpenedKey extends StoredKey {
  readonly number: number;
  /** Empty once the key has ended. */
  readonly seed: Uint8Array;
}

function keyOf(signer: SigningKey, standing: KeyStanding): StoredKey {
  const { verifierKey } = signer;
  return { verifierKey, standing, signer };
}

async function readPassphrase(path: string, random: Random | undefined): Promise<Buffer> {
  const stored = await readIfPresent(path);
  if (stored === undefined) {
    if (random === undefined) throw unusable(path);
    await makeFolder(dirname(path));
    const passphrase = random.bytes(PASSPHRASE_BYTES).toString('base64url');
    await replaceDurably(path, Buffer.from(`${passphrase}\n`, 'utf8'));
    return Buffer.from(passphrase, 'utf8');
  }
  const { mode } = await stat(path);
  if ((mode & 0o007) !== 0) throw unusable(path);
  const passphrase = stored.toString('utf8').trim();
  if (passphrase === '' || stored.length > PASSPHRASE_BYTES_MAX) throw unusable(path);
  return Buffer.from(passphrase, 'utf8');
}

function parseFile<Shape extends z.ZodType>(path: string, bytes: Buffer, shape: Shape): z.output<Shape> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw unusable(path);
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw unusable(path);
  return parsed.data;
}

/** Names the file and nothing of what is in it. */
function unusable(path: string): SekishoError {
  return new SekishoError('keystore_unusable', path);
}
