/** Direction of imports. Every rule carries its reason; `npm run imports` enforces them. */
const pure = '^src/(audit/format|results|conclusion-rules/engine)/|^src/.*\\.decider\\.ts$';
const notTests = '\\.spec\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'A cycle hides which part may change without the other; in ES modules it also breaks injection at start.',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-code-stays-pure',
      comment:
        'Formats, parsing, rules and deciders must give the same answer anywhere, so they know no framework, database, network or clock.',
      severity: 'error',
      from: { path: pure, pathNot: notTests },
      to: {
        path: '^node_modules/(@nestjs|mongoose|mongodb|fastify|pino|nestjs-pino)|^(fs|http|https|net|timers|child_process|process)(/|$)|^node:(fs|http|https|net|timers|child_process|process)',
      },
    },
    {
      name: 'pure-code-imports-pure-code',
      comment: 'A pure file that imports an impure one is no longer pure.',
      severity: 'error',
      from: { path: pure, pathNot: notTests },
      to: { path: '\\.(service|repository|schema|controller|module|guard|filter|interceptor|task)\\.ts$' },
    },
    {
      name: 'controllers-know-no-storage',
      comment: 'A controller speaks HTTP; how things are stored may change without it.',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.(schema|repository)\\.ts$|^node_modules/(mongoose|mongodb)/' },
    },
    {
      name: 'storage-stays-in-its-module',
      comment:
        "Modules reach each other through exported services, never through another module's collections.",
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/.*\\.(schema|repository)\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'log-knows-nobody',
      comment:
        'The log stands under everything else; if it knew a session it could not be verified without one.',
      severity: 'error',
      from: { path: '^src/audit/', pathNot: notTests },
      to: {
        path: '^src/(callback|retrieval|results|sessions|conclusion-rules|reviews|reconciliation|vault)/',
      },
    },
    {
      name: 'verifier-stands-alone',
      comment: "An independent verifier shares no code path with the writer, only the format's constants.",
      severity: 'error',
      from: { path: '^src/verifier/' },
      to: { path: '^src/', pathNot: '^src/(verifier/|audit/format/constants\\.ts$)' },
    },
    {
      name: 'product-imports-no-tests',
      comment: 'What ships must not depend on what tests it.',
      severity: 'error',
      from: { path: '^src/', pathNot: notTests },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports is dead code.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot: '(\\.spec\\.ts|/testing/|\\.d\\.ts|/main\\.ts|^src/commands/[^/]+\\.ts)$',
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
