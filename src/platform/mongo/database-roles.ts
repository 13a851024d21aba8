import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { mongo } from 'mongoose';

/** A role as `config/mongodb/roles.json` has it. */
export interface RolePlan {
  /** For the reader. */
  readonly purpose: string;
  /** Roles whose privileges it has as well. */
  readonly inherits: readonly string[];
  readonly privileges: readonly {
    /** As MongoDB names resources; "" is the database itself. */
    readonly collections: readonly string[];
    /** MongoDB's privilege actions. */
    readonly actions: readonly string[];
  }[];
}

/** By name, each after those that it inherits from. */
export const ROLE_PLANS = JSON.parse(
  readFileSync(new URL('../../../config/mongodb/roles.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, RolePlan>>;

/** The role that the service runs under. */
export const SERVICE_ROLE = 'ledgerService';

interface Privilege {
  readonly resource: { readonly db: string; readonly collection: string };
  readonly actions: readonly string[];
}

/** A role of a user or of another role. */
interface HeldRole {
  readonly role: string;
  readonly db: string;
}

/**
 * Makes the roles what the plan says, in the database that they are for: grants what is missing and revokes
 * what is too much. Step by step, because `updateRole` demands rights on every database of the server.
 * @param db of a deploy user, see `config/mongodb/README.md`
 * @returns what it changed, in words
 */
export async function provideRoles(db: mongo.Db): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, plan] of Object.entries(ROLE_PLANS)) {
    const { roles } = (await db.command({ rolesInfo: name, showPrivileges: true })) as {
      roles: { privileges: Privilege[]; roles: HeldRole[] }[];
    };
    const [existing] = roles;
    if (existing === undefined) {
      await db.command({ createRole: name, privileges: [], roles: [] });
      changed.push(`created the role ${name}`);
    }
    changed.push(...(await setPrivileges(db, name, existing?.privileges ?? [], plan)));
    changed.push(...(await setRoles(db, 'Role', name, existing?.roles ?? [], plan.inherits)));
  }
  return changed;
}

/**
 * Makes the user that the service runs as, in the service's own database. A user that is there already is left
 * with {@link SERVICE_ROLE} and no other role.
 * @param password of a new user, or the new one of an existing user; undefined keeps the one it has
 * @returns what it changed, in words
 * @throws Error if a new user would have no password, or the user is the one that runs this
 */
export async function provideServiceUser(
  db: mongo.Db,
  name: string,
  password: string | undefined,
): Promise<string[]> {
  const { authInfo } = (await db.command({ connectionStatus: 1 })) as {
    authInfo: { authenticatedUsers: { user: string; db: string }[] };
  };
  if (authInfo.authenticatedUsers.some(({ user, db: home }) => user === name && home === db.databaseName)) {
    throw new Error(`${name} is the user that runs this; it would take its own rights away`);
  }
  const { users } = (await db.command({ usersInfo: name })) as { users: { roles: HeldRole[] }[] };
  const [existing] = users;
  const changed: string[] = [];
  if (existing === undefined) {
    if (password === undefined) throw new Error(`${name} does not exist yet and needs a password`);
    await db.command({ createUser: name, pwd: password, roles: [] });
    changed.push(`created the user ${name} of ${db.databaseName}`);
  } else if (password !== undefined) {
    await db.command({ updateUser: name, pwd: password });
    changed.push(`set the password of ${name}`);
  }
  return [...changed, ...(await setRoles(db, 'User', name, existing?.roles ?? [], [SERVICE_ROLE]))];
}

async function setPrivileges(
  db: mongo.Db,
  role: string,
  held: readonly Privilege[],
  plan: RolePlan,
): Promise<string[]> {
  const planned = plan.privileges.flatMap(({ collections, actions }) =>
    collections.map((collection) => ({ resource: { db: db.databaseName, collection }, actions })),
  );
  const excess = beyond(held, planned);
  const missing = beyond(planned, held);
  if (excess.length > 0) await db.command({ revokePrivilegesFromRole: role, privileges: excess });
  if (missing.length > 0) await db.command({ grantPrivilegesToRole: role, privileges: missing });
  const inWords = ({ resource, actions }: Privilege) =>
    `${role}: ${actions.join(', ')} on ${resource.collection || 'the database'}`;
  return [
    ...excess.map((privilege) => `revoked from ${inWords(privilege)}`),
    ...missing.map((privilege) => `granted to ${inWords(privilege)}`),
  ];
}

/** What `these` grant and `those` don't. */
function beyond(these: readonly Privilege[], those: readonly Privilege[]): Privilege[] {
  return these.flatMap(({ resource, actions }) => {
    const others = those.filter((other) => isDeepStrictEqual(other.resource, resource));
    const more = actions.filter((action) => !others.some((other) => other.actions.includes(action)));
    return more.length > 0 ? [{ resource, actions: more }] : [];
  });
}

async function setRoles(
  db: mongo.Db,
  kind: 'Role' | 'User',
  name: string,
  held: readonly HeldRole[],
  wanted: readonly string[],
): Promise<string[]> {
  const planned = wanted.map((role): HeldRole => ({ role, db: db.databaseName }));
  const without = (these: readonly HeldRole[], those: readonly HeldRole[]) =>
    these.filter((one) => !those.some((other) => isDeepStrictEqual(other, one)));
  const excess = without(held, planned);
  const missing = without(planned, held);
  if (excess.length > 0) await db.command({ [`revokeRolesFrom${kind}`]: name, roles: excess });
  if (missing.length > 0) await db.command({ [`grantRolesTo${kind}`]: name, roles: missing });
  return [
    ...excess.map(({ role, db: home }) => `revoked from ${name}: the role ${role} of ${home}`),
    ...missing.map(({ role }) => `granted to ${name}: the role ${role}`),
  ];
}
