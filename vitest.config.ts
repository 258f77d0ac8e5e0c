import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'tools/**/*.test.ts'],
    // Two cores: more workers only wait for each other, and each may hold a database.
    maxWorkers: 2,
    // Real processes, disks and clocks on a shared machine: a test that fails once and then passes is
    // reported as flaky by the runner, and does not stop a change from landing.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
