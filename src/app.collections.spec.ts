import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { COLLECTION_PLANS } from './app.collections.ts';
import { AUDIT_PLANS } from './audit/audit-collections.ts';
import type { CollectionPlan } from './platform/mongo/collections.ts';
import { ROLE_PLANS, SERVICE_ROLE } from './platform/mongo/database-roles.ts';

const SRC = import.meta.dirname;
const sources = globSync('**/*.ts', {
  cwd: SRC,
  exclude: ['**/*.spec.ts', '**/testing/**', 'verifier/**'],
}).map((file) => ({ file, text: readFileSync(`${SRC}/${file}`, 'utf8') }));
const auditNames = AUDIT_PLANS.map(({ name }) => name).toSorted();

/** Every right of a role on a collection, "" being the database, its inherited roles included. */
function rightsOf(role: string): { collection: string; action: string }[] {
  const { inherits, privileges } = ROLE_PLANS[role]!;
  const own = privileges.flatMap(({ collections, actions }) =>
    collections.flatMap((collection) => actions.map((action) => ({ collection, action }))),
  );
  return [...inherits.flatMap(rightsOf), ...own];
}

const outside = (allowed: readonly string[]) => (right: { action: string }) =>
  !allowed.includes(right.action);

describe('the roles in config/mongodb', () => {
  it('give the service rights on every collection of the product and on no other', () => {
    const collections = new Set(rightsOf(SERVICE_ROLE).map(({ collection }) => collection));
    collections.delete('');
    expect([...collections].toSorted()).toEqual(COLLECTION_PLANS.map(({ name }) => name).toSorted());
  });

  it.each(Object.keys(ROLE_PLANS))('let %s do nothing to the log but read it and add to it', (role) => {
    const onLog = rightsOf(role).filter(({ collection }) => auditNames.includes(collection));
    expect(onLog.filter(outside(['find', 'insert', 'listIndexes']))).toEqual([]);
  });

  it.each(Object.keys(ROLE_PLANS))(
    'let %s change documents at most, never a collection or a right',
    (role) => {
      const onDatabase = rightsOf(role).filter(({ collection }) => collection === '');
      const onCollections = rightsOf(role).filter(({ collection }) => collection !== '');
      expect(onDatabase.filter(outside(['listCollections']))).toEqual([]);
      expect(onCollections.filter(outside(['find', 'insert', 'update', 'remove', 'listIndexes']))).toEqual(
        [],
      );
    },
  );

  it('can not be got round by an index that deletes from the log', () => {
    const timed = AUDIT_PLANS.flatMap(({ indexes }) => indexes).filter(
      ({ expireAfterSeconds }) => expireAfterSeconds !== undefined,
    );
    expect(timed).toEqual([]);
  });

  it('come with a validator for each collection of the log', () => {
    const file = `${SRC}/../config/mongodb/validators.json`;
    const validators = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(validators).toSorted()).toEqual(auditNames);
    for (const { name, options } of AUDIT_PLANS) {
      expect(options).toEqual({
        validator: validators[name],
        validationLevel: 'strict',
        validationAction: 'error',
      });
    }
  });
});

describe('the sources', () => {
  it('use no collection that is not planned', () => {
    const planned = new Set(COLLECTION_PLANS.map(({ name }) => name));
    const used = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/\.collection(?:<[^()]*>)?\(\s*'([^']+)'/g)].map(([, name]) => `${file}: ${name}`),
    );
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((use) => !planned.has(use.split(': ')[1]!))).toEqual([]);
  });

  it('plan no collection that provisioning does not know', async () => {
    const declared = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/(\w+): CollectionPlan = \{/g)].map(([, name]) => ({ file, name: name! })),
    );
    expect(declared.length).toBeGreaterThan(0);
    const unknown: string[] = [];
    for (const { file, name } of declared) {
      const plan = ((await import(`./${file}`)) as Record<string, CollectionPlan | undefined>)[name];
      if (plan === undefined || !COLLECTION_PLANS.includes(plan)) unknown.push(`${file}: ${name}`);
    }
    expect(unknown).toEqual([]);
  });
});

describe('the sources that reach a collection of the log', () => {
  const reachLog = sources.filter(
    ({ file, text }) =>
      file !== 'app.collections.ts' &&
      new RegExp(`'(${auditNames.join('|')})'|auditLogCollection\\(`).test(text),
  );

  it('are found', () => {
    expect(reachLog.map(({ file }) => file)).toEqual(
      expect.arrayContaining([
        'audit/audit-log.repository.ts',
        'audit/checkpoints.repository.ts',
        'audit/tiles.repository.ts',
      ]),
    );
  });

  it.each(reachLog)('have nothing that changes or removes a document: $file', ({ text }) => {
    const changes =
      /\.(update\w*|delete\w*|remove\w*|replaceOne|findOneAnd\w*|findAndModify|bulkWrite|initialize\w*|drop\w*|rename\w*|createIndex\w*|command|aggregate)\s*(<[^()]*>)?\(/g;
    expect([...text.matchAll(changes)].map(([call]) => call)).toEqual([]);
  });

  it('are the only way there: no Mongoose model, whose hooks one would have to trust, exists', () => {
    const models = sources.filter(({ text }) =>
      /SchemaFactory|forFeature\(|\.model\(|InjectModel/.test(text),
    );
    expect(models.map(({ file }) => file)).toEqual([]);
  });
});
