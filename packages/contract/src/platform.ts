import { z } from 'zod';
import { completeRecord } from './complete-record.ts';
import { GuardRule } from './guards.ts';
import { CountryCode, ModelName, PlaceCode, Slug } from './identifiers.ts';
import { PriceYen } from './money.ts';
import { Retention } from './retention.ts';
import { Action, Assurance, AttestationKind, Bilingual, CopyKind, DataClass } from './vocabulary.ts';

/** Bounds of one platform document. */
export const platformLimits = {
  documentBytes: 1024 * 1024,
  sites: 500,
  endpoints: 1000,
  tenants: 2000,
  workspacesPerTenant: 200,
  policyBytes: 64 * 1024,
} as const;

export const Site = z.strictObject({
  id: Slug,
  name: Bilingual,
  /** The municipality of the data centre; for a country without a jurisdiction pack, the country. */
  place: PlaceCode,
  /** Who runs the site, and under which country's law. */
  operator: z.strictObject({ name: z.string().min(1).max(200), country: CountryCode }),
  /** Certificates that the operator holds for this site, such as ISMAP. */
  certifications: z.array(z.string().min(1).max(64)).max(32).default([]),
  /** Hardware evidence that machines at this site can produce. */
  attestation: z.array(AttestationKind).max(8).default([]),
});
export type Site = z.infer<typeof Site>;

/** A copy of the data that lands at a site whenever the endpoint serves a crossing. */
export const DataCopy = z.strictObject({ kind: CopyKind, site: Slug });
export type DataCopy = z.infer<typeof DataCopy>;

const servedModel = z.strictObject({
  /** The name that clients ask for. */
  model: ModelName,
  /** The name that the model server knows it by; the same when absent. */
  upstreamModel: ModelName.optional(),
});

const endpointBase = {
  id: Slug,
  /** Share of the load beside other endpoints of the same model; 1 when absent. */
  weight: z.number().min(0.01).max(100).optional(),
  models: z.array(servedModel).min(1).max(200),
  /** Every copy, with its site. Exactly one is `processing`. */
  copies: z.array(DataCopy).min(1).max(32),
};

export const Endpoint = z.discriminatedUnion('kind', [
  /** A GGUF model inside the cell's own process; `sekisho-mini` when no file is named. */
  z.strictObject({
    ...endpointBase,
    kind: z.literal('embedded'),
    modelFile: z.string().min(1).max(1000).optional(),
  }),
  /** Any server that speaks OpenAI's HTTP API. */
  z.strictObject({
    ...endpointBase,
    kind: z.literal('openai-compatible'),
    /** Base URL including the version, such as `http://10.0.0.5:8000/v1`. */
    url: z.url({ protocol: /^https?$/ }),
    /** The environment variable that holds the server's bearer key: secrets never stand in the document. */
    apiKeyVariable: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
      .optional(),
    /** How long the first byte of an answer may take, in milliseconds. */
    firstByteTimeoutMs: z.int().min(100).max(600_000).default(60_000),
  }),
]);
export type Endpoint = z.infer<typeof Endpoint>;

/** The places that a workspace allows, per action. An action that is not listed is not allowed anywhere. */
export const Boundary = z.strictObject({
  allow: completeRecord(z.partialRecord(Action, z.array(PlaceCode).min(1).max(200))),
  /** Countries whose law may govern the operator of a site; any when absent. */
  operatorCountries: z.array(CountryCode).min(1).max(50).optional(),
  /** Certificates that a site must all hold. */
  requiredCertifications: z.array(z.string().min(1).max(64)).max(16).default([]),
  minimumAssurance: Assurance.default('declared'),
});
export type Boundary = z.infer<typeof Boundary>;

export const Workspace = z.strictObject({
  id: Slug,
  name: Bilingual,
  /** Classes that may be used here; the first is assumed when a request names none. */
  dataClasses: z.array(DataClass).min(1).max(5),
  boundary: Boundary,
  /** Policy presets of the jurisdiction pack, such as `jp/my-number`. */
  presets: z
    .array(z.string().regex(/^[a-z]{2}\/[a-z0-9-]{1,48}$/))
    .max(16)
    .default([]),
  /**
   * What is looked for in requests and answers, in this order. A workspace that may not use the class
   * `my-number` and has no rule for it blocks My Numbers in requests.
   */
  guards: z.array(GuardRule).max(16).optional(),
  /** What the cell keeps of this workspace's payloads, and for how long. Nothing when absent. */
  retention: Retention.optional(),
});
export type Workspace = z.infer<typeof Workspace>;

export const Tenant = z.strictObject({
  id: Slug,
  name: Bilingual,
  workspaces: z.array(Workspace).min(1).max(platformLimits.workspacesPerTenant),
  /** The tenant's own Cedar policies, added to boundaries and presets. They bind only this tenant. */
  policies: z.string().max(platformLimits.policyBytes).optional(),
});
export type Tenant = z.infer<typeof Tenant>;

export const Price = z.strictObject({
  model: ModelName,
  inputYenPerMillionTokens: PriceYen,
  outputYenPerMillionTokens: PriceYen,
});
export type Price = z.infer<typeof Price>;

/** The whole declared state of a cell: the contents of `sekisho.yaml`. */
export const Platform = z.strictObject({
  apiVersion: z.literal('sekisho/v1'),
  operator: z.strictObject({ name: z.string().min(1).max(200), country: CountryCode }),
  /** Where the cell itself stands. Needed as soon as a workspace has payloads kept: they are kept there. */
  cell: z.strictObject({ site: Slug }).optional(),
  sites: z.array(Site).min(1).max(platformLimits.sites),
  endpoints: z.array(Endpoint).max(platformLimits.endpoints),
  tenants: z.array(Tenant).max(platformLimits.tenants),
  prices: z.array(Price).max(platformLimits.endpoints),
});
export type Platform = z.infer<typeof Platform>;
