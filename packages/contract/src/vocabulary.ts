import { z } from 'zod';

/** What a crossing does with data. A boundary lists the places that it allows per action. */
export const Action = z.enum([
  'process',
  'store',
  'replicate',
  'back-up',
  'release-key',
  'support-access',
  'train',
  'transfer',
]);
export type Action = z.infer<typeof Action>;

/**
 * What kind of copy of the data lands at a site when an endpoint serves a crossing.
 * Each kind is judged under its own action: see {@link actionOfCopy}.
 */
export const CopyKind = z.enum([
  'processing',
  'storage',
  'replica',
  'backup',
  'log',
  'key',
  'telemetry',
  'support-screen',
]);
export type CopyKind = z.infer<typeof CopyKind>;

/** The action under which residency policy judges each kind of copy. */
export const actionOfCopy: Readonly<Record<CopyKind, Action>> = {
  processing: 'process',
  storage: 'store',
  replica: 'replicate',
  backup: 'back-up',
  log: 'store',
  key: 'release-key',
  telemetry: 'store',
  'support-screen': 'support-access',
};

/**
 * Data classes: confidentiality 1 to 3 of 政府統一基準 (the Common Standards for government
 * bodies), My Number (特定個人情報) and special-care personal information (要配慮個人情報).
 */
export const DataClass = z.enum([
  'confidentiality-1',
  'confidentiality-2',
  'confidentiality-3',
  'my-number',
  'special-care',
]);
export type DataClass = z.infer<typeof DataClass>;

/** How strongly the place of processing is shown, weakest first. */
export const Assurance = z.enum(['declared', 'operator-attested', 'hardware-attested']);
export type Assurance = z.infer<typeof Assurance>;

/** Kinds of hardware evidence that a site can produce. */
export const AttestationKind = z.enum(['tpm-2.0', 'amd-sev-snp', 'intel-tdx', 'nvidia-gpu']);
export type AttestationKind = z.infer<typeof AttestationKind>;

/** How a crossing ended. */
export const CrossingResult = z.enum([
  /** The whole answer was produced and handed to the client. */
  'completed',
  /** Residency or access policy refused: nothing was carried. */
  'denied',
  /** The client went away; usage counts what had been produced. */
  'aborted',
  /** No allowed target answered, or the target failed. */
  'failed',
  /** The cell stopped in between; closed at the next start. */
  'interrupted',
]);
export type CrossingResult = z.infer<typeof CrossingResult>;

/** A text that a person reads, in both languages. */
export const Bilingual = z.strictObject({ ja: z.string().min(1).max(500), en: z.string().min(1).max(500) });
export type Bilingual = z.infer<typeof Bilingual>;
export type Language = keyof Bilingual;
