import { SekishoError } from '@sekisho/contract';
import { ed25519NoteSigner } from '@sekisho/proof';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import type { Random } from '../../base/random.ts';
import type { SigningKey, SigningKeyStore } from '../../domains/ledger/index.ts';
import { makeFolder, readIfPresent, replaceDurably } from '../ledger-files/durable-files.ts';
import { KeyDerivation, SALT_BYTES, SealedKey, openKey, sealKey, sealingKeyOf } from './sealed-key.ts';

/** N = 2^17: 128 MiB and about half a second, once a start. */
const SCRYPT_COST = 17;
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
  readonly #creating = new Map<string, Promise<SigningKey>>();

  constructor(folder: string, sealingKey: Buffer, random: Random) {
    this.#folder = folder;
    this.#sealingKey = sealingKey;
    this.#random = random;
  }

  async find(name: string): Promise<SigningKey | undefined> {
    const path = this.#path(name);
    const stored = await readIfPresent(path);
    if (stored === undefined) return undefined;
    const sealed = parseFile(path, stored, SealedKey);
    const seed = openKey(name, sealed, this.#sealingKey);
    if (seed === undefined) throw unusable(path);
    return ed25519NoteSigner(name, seed);
  }

  async findOrCreate(name: string): Promise<SigningKey> {
    let creating = this.#creating.get(name);
    if (creating === undefined) {
      creating = this.#findOrCreate(name).finally(() => this.#creating.delete(name));
      this.#creating.set(name, creating);
    }
    return creating;
  }

  async #findOrCreate(name: string): Promise<SigningKey> {
    const found = await this.find(name);
    if (found !== undefined) return found;
    const seed = this.#random.bytes(32);
    const text = sealKey(name, seed, this.#sealingKey, this.#random.bytes(12));
    await replaceDurably(this.#path(name), Buffer.from(text, 'utf8'));
    return ed25519NoteSigner(name, seed);
  }

  /** A name holds slashes; a file name does not. */
  #path(name: string): string {
    return join(this.#folder, `${encodeURIComponent(name)}.key.json`);
  }
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
