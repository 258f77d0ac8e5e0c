import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'tools/**/*.test.ts'],
    // One real Ceph for all suites. Without --full they are left out, and say so.
    globalSetup: process.env['SEKISHO_TEST_FULL'] === '1' ? ['tests/harness/ceph-for-the-run.ts'] : [],
    // Two cores: more workers only wait for each other, and each may hold a database.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
