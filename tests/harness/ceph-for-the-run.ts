import type { TestProject } from 'vitest/node';
import { startCeph } from './ceph-cluster.ts';

/** Vitest's global set-up in the full run: one Ceph, for all suites, that ends with the run. */
export default async function cephForTheRun(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCeph();
  const { endpoint, region, accessKey, secretKey, folder } = cluster;
  project.provide('ceph', { endpoint, region, accessKey, secretKey, folder });
  return () => cluster.stop();
}
