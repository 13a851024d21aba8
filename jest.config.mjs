import { availableParallelism } from 'node:os';

// Four tiers by cost; `npm run check:test-tiers` proves that every test file is claimed by exactly one.
const tier = (displayName, testMatch, extra = {}) => ({
  displayName,
  testMatch,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/', '<rootDir>/.cache/'],
  setupFiles: ['reflect-metadata'],
  ...extra,
});

const withMongo = {
  globalSetup: '<rootDir>/test/support/mongo-server.setup.ts',
  globalTeardown: '<rootDir>/test/support/mongo-server.teardown.ts',
};

export default {
  testTimeout: 60_000,
  // Most tests wait for something most of the time. Jest's own choice, one less than there are processors, would
  // run them one by one on two.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  projects: [
    tier('unit', [
      '<rootDir>/src/**/*.spec.ts',
      '<rootDir>/scripts/**/*.spec.ts',
      '<rootDir>/test/simulator/**/*.spec.ts',
      '<rootDir>/test/faults/support/**/*.spec.ts',
      '<rootDir>/bench/**/*.spec.ts',
    ]),
    tier('integration', ['<rootDir>/test/integration/**/*.int-spec.ts'], withMongo),
    tier('e2e', ['<rootDir>/test/e2e/**/*.e2e-spec.ts'], withMongo),
    tier('faults', ['<rootDir>/test/faults/**/*.fault-spec.ts'], withMongo),
  ],
};
