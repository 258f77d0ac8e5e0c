import { inject } from 'vitest';
import type { CephAccess } from './ceph-cluster.ts';

export { SpareGateway, askCeph, makeBucket } from './ceph-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    ceph: CephAccess;
  }
}

/**
 * Why a test with a real Ceph is left out, for `describe.skipIf`; undefined in the full run, where a
 * Ceph that does not start fails the run.
 *
 *     describe.skipIf(whyCephIsMissing)(`on Ceph${whyCephIsMissing ?? ''}`, () => {
 *       const ceph = cephGateway();              // in a hook or a test
 *       const bucket = await makeBucket(ceph);   // one a suite or a test: buckets share nothing
 *       s3TileFiles({ endpoint: ceph.endpoint, region: ceph.region, bucket,
 *         accessKeyId: ceph.accessKey, secretAccessKey: ceph.secretKey }, { clock, random });
 *     });
 *
 * A test that kills a gateway starts one of its own first: `SpareGateway.start(ceph)`.
 */
export const whyCephIsMissing: string | undefined =
  process.env['SEKISHO_TEST_FULL'] === '1' ? undefined : ' (only in npm run test:full: needs Ceph)';

/** The gateway of this run: one Ceph for all suites, started and ended by `ceph-for-the-run.ts`. */
export function cephGateway(): CephAccess {
  return inject('ceph');
}
