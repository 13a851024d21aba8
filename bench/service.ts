import type { AuditLog } from '../src/audit/audit-log.service.ts';
import type * as auditLogModule from '../src/audit/audit-log.service.ts';
import type * as appModule from '../src/app.module.ts';
import type * as createAppModule from '../src/platform/http/create-app.ts';
import { LOG_IDENTITY } from './servers/contenders.ts';

/** The whole service in this process, with everything that it does regularly, but without its HTTP port. */
export interface Service {
  /** Connection string with the database in its path. */
  readonly uri: string;
  readonly log: AuditLog;
  stop(): Promise<void>;
}

/**
 * Once in a process, which reads its environment only once.
 * @param folder for the files of a service; nothing of the project's own configuration is read
 */
export async function startService(uri: string, folder: string): Promise<Service> {
  process.chdir(folder);
  Object.assign(process.env, {
    NODE_ENV: 'development',
    LOG_LEVEL: 'warn',
    DATA_DIR: folder,
    MONGODB_URI: uri,
    ...LOG_IDENTITY,
  });
  const { createApp } = await built<typeof createAppModule>('platform/http/create-app.js');
  const { AppModule } = await built<typeof appModule>('app.module.js');
  const { AuditLog } = await built<typeof auditLogModule>('audit/audit-log.service.js');
  const app = await createApp(AppModule);
  await app.init();
  return {
    uri,
    log: app.get(AuditLog),
    stop: () => app.close(),
  };
}

/** A module with decorators, which runs only as it was built. */
export function built<Module>(path: string): Promise<Module> {
  return import(new URL(`../dist/${path}`, import.meta.url).href) as Promise<Module>;
}
