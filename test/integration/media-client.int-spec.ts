import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MediaClient, type MediaClientSettings } from '../../src/evidence/media-client.service.ts';
import { parseResourceHosts } from '../../src/evidence/resource-hosts.ts';
import { MEDIA_FAULTS, type MediaFault } from '../simulator/faults.ts';
import { mediumOf } from '../simulator/media.ts';
import { startSimulator } from '../simulator/simulator.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const FRONT = mediumOf('a', 'front').bytes;
const SETTINGS: MediaClientSettings = {
  hosts: parseResourceHosts('127.0.0.1'),
  maxBytes: MiB,
  timeoutMs: 300_000,
  idleTimeoutMs: 300_000,
  concurrency: 2,
};
const nobodyStops = new AbortController().signal;

async function gather(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe(MediaClient.name, () => {
  let toStop: (() => unknown)[];

  beforeEach(() => {
    toStop = [];
    Logger.overrideLogger(false);
  });
  afterEach(async () => {
    for (const stop of toStop) await stop();
  });

  function aClient(settings: Partial<MediaClientSettings> = {}, lookup?: LookupFunction): MediaClient {
    const client = new MediaClient({ ...SETTINGS, ...settings }, lookup);
    toStop.push(() => client.onModuleDestroy());
    return client;
  }

  /** A server of media that answers as told, and what it was asked. */
  async function aServer(answer: RequestListener): Promise<{ url: string; asked: IncomingMessage[] }> {
    const asked: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      asked.push(request);
      void answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    toStop.unshift(() => {
      server.close();
      server.closeAllConnections();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  const answering =
    (status: number, body: string | Buffer = '', headers: Record<string, string> = {}): RequestListener =>
    (_request, response) =>
      void response.writeHead(status, headers).end(body);
  const fetchFront = (client: MediaClient, url: string) => client.fetch(url, 'front', gather, nobodyStops);

  it('gives the bytes and their type by content, and sends nothing of ours along', async () => {
    const server = await aServer(answering(200, FRONT, { 'content-type': 'application/octet-stream' }));
    expect(await fetchFront(aClient(), `${server.url}/a/front?token=t`)).toEqual({
      outcome: 'FETCHED',
      mediaType: 'image/jpeg',
      taken: FRONT,
    });
    expect(server.asked.map(({ method, url }) => [method, url])).toEqual([['GET', '/a/front?token=t']]);
    expect(Object.keys(server.asked[0]!.headers).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
    ]);
  });

  const AFTER_FAULT: Record<MediaFault, string> = {
    NOT_FOUND: 'GONE',
    UNAVAILABLE: 'SERVER_ERROR',
    REDIRECT: 'ADDRESS_REFUSED',
    REDIRECT_LOOP: 'TOO_MANY_REDIRECTS',
    HANG: 'TIMEOUT',
    TRICKLE: 'TIMEOUT',
    ENDLESS: 'TOO_LARGE',
    OVERSIZE: 'TOO_LARGE',
    WRONG_TYPE: 'WRONG_TYPE',
    CUT_OFF: 'NETWORK',
  };

  it.each(MEDIA_FAULTS)(
    'ends a fetch that suffers %s with a clear word, and the next one works',
    async (fault) => {
      const simulator = await startSimulator({ trickleIntervalMs: 20 });
      toStop.unshift(() => simulator.stop());
      simulator.control.finish('bad', { callbackFault: 'DROP', mediaFault: fault });
      simulator.control.finish('good', { callbackFault: 'DROP' });
      const { bad, good } = {
        bad: simulator.control.callbackOf('bad').resources.video,
        good: simulator.control.callbackOf('good').resources.video,
      };
      // One connection, so that what a fault leaves on it would be seen.
      const timeoutMs = fault === 'HANG' || fault === 'TRICKLE' ? 500 : SETTINGS.timeoutMs;
      const client = aClient({ timeoutMs, concurrency: 1 });
      expect(await client.fetch(bad, 'video', gather, nobodyStops)).toEqual({ outcome: AFTER_FAULT[fault] });
      const next = aClient({ concurrency: 1 });
      for (const each of timeoutMs === 500 ? [next] : [client, next]) {
        expect(await each.fetch(good, 'video', gather, nobodyStops)).toMatchObject({ outcome: 'FETCHED' });
      }
    },
  );

  it.each([
    [403, 'FORBIDDEN'],
    [401, 'FORBIDDEN'],
    [410, 'GONE'],
    [429, 'RATE_LIMITED'],
    [500, 'SERVER_ERROR'],
    [204, 'UNEXPECTED_STATUS'],
    [206, 'UNEXPECTED_STATUS'],
    [304, 'UNEXPECTED_STATUS'],
  ])('says what a %i means', async (status, outcome) => {
    const server = await aServer(answering(status));
    expect(await fetchFront(aClient(), server.url)).toEqual({ outcome });
  });

  it('takes no compressed media, which could unfold to any size', async () => {
    const server = await aServer(answering(200, gzipSync(FRONT), { 'content-encoding': 'gzip' }));
    expect(await fetchFront(aClient(), server.url)).toEqual({ outcome: 'COMPRESSED' });
  });

  it('takes a file of the size limit and none of a byte more, announced or not', async () => {
    const ofSize = (bytes: number) => Buffer.concat([FRONT, Buffer.alloc(bytes - FRONT.length)]);
    const server = await aServer((request, response) => {
      const bytes = ofSize(request.url === '/fits' ? 10_000 : 10_001);
      if (request.url === '/chunked') response.flushHeaders();
      else response.setHeader('content-length', bytes.length);
      response.end(bytes);
    });
    const client = aClient({ maxBytes: 10_000 });
    expect(await fetchFront(client, `${server.url}/fits`)).toMatchObject({ outcome: 'FETCHED' });
    expect(await fetchFront(client, `${server.url}/announced`)).toEqual({ outcome: 'TOO_LARGE' });
    expect(await fetchFront(client, `${server.url}/chunked`)).toEqual({ outcome: 'TOO_LARGE' });
  });

  it('gives up a server that falls silent', async () => {
    const server = await aServer((_request, response) => void response.writeHead(200).write(FRONT));
    expect(await fetchFront(aClient({ idleTimeoutMs: 200 }), server.url)).toEqual({ outcome: 'TIMEOUT' });
  });

  it('throws what the taker throws, and what ends it', async () => {
    const server = await aServer(answering(200, FRONT));
    const failing = () => Promise.reject(new Error('the database is away'));
    await expect(aClient().fetch(server.url, 'front', failing, nobodyStops)).rejects.toThrow('is away');
    const silent = await aServer((_request, response) => void response.writeHead(200).write(FRONT));
    const stopping = new AbortController();
    const under = aClient().fetch(silent.url, 'front', gather, stopping.signal);
    stopping.abort(new Error('the service stops'));
    await expect(under).rejects.toThrow('the service stops');
  });

  describe('with redirects', () => {
    it.each([301, 302, 303, 307, 308])('follows a %i to a host on the list', async (status) => {
      const server = await aServer((request, response) =>
        request.url === '/moved'
          ? void response.end(FRONT)
          : void response.writeHead(status, { location: '/moved' }).end(),
      );
      expect(await fetchFront(aClient(), server.url)).toMatchObject({ outcome: 'FETCHED' });
    });

    it('follows three of them and not a fourth', async () => {
      const server = await aServer((request, response) => {
        const left = Number(request.url?.slice(1));
        if (left === 0) response.end(FRONT);
        else response.writeHead(302, { location: `/${left - 1}` }).end();
      });
      expect(await fetchFront(aClient(), `${server.url}/3`)).toMatchObject({ outcome: 'FETCHED' });
      expect(await fetchFront(aClient(), `${server.url}/4`)).toEqual({ outcome: 'TOO_MANY_REDIRECTS' });
      expect(server.asked.map(({ url }) => url)).toEqual(['/3', '/2', '/1', '/0', '/4', '/3', '/2', '/1']);
    });

    it('checks each anew, and asks nothing of an address that it may not', async () => {
      const inside = await aServer(answering(200, FRONT));
      const locations = [
        inside.url,
        'http://169.254.169.254/latest/meta-data/',
        'http://[::ffff:127.0.0.1]/',
        'http://localhost/',
        'file:///etc/passwd',
        'http://user@127.0.0.1/',
        'http://[',
      ];
      const server = await aServer((request, response) => {
        response.writeHead(302, { location: locations[Number(request.url?.slice(1))]! }).end();
      });
      const { port } = new URL(server.url);
      const client = aClient({ hosts: parseResourceHosts(`127.0.0.1:${port}`) });
      for (const n of locations.keys()) {
        expect(await fetchFront(client, `${server.url}/${n}`)).toEqual({ outcome: 'ADDRESS_REFUSED' });
      }
      expect(inside.asked).toEqual([]);
    });

    it('takes a redirect without a place to go for no answer', async () => {
      const server = await aServer(answering(302));
      expect(await fetchFront(aClient(), server.url)).toEqual({ outcome: 'UNEXPECTED_STATUS' });
    });
  });

  describe('with names', () => {
    /** Counts whoever connects, and answers the look-ups of names. */
    async function aMachine(addresses: readonly string[]) {
      let connections = 0;
      const server = createTcpServer((socket) => {
        connections += 1;
        socket.destroy();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      toStop.unshift(() => server.close());
      const asked: string[] = [];
      const lookup: LookupFunction = (hostname, options, callback) => {
        asked.push(hostname);
        const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        const [first] = found;
        queueMicrotask(() =>
          options.all ? callback(null, found) : callback(null, first!.address, first!.family),
        );
      };
      const { port } = server.address() as AddressInfo;
      const client = aClient({ hosts: parseResourceHosts('*.media.example') }, lookup);
      const address = `https://cdn.media.example:${port}/a`;
      return { fetched: () => fetchFront(client, address), asked, connections: () => connections };
    }

    it.each([
      [['127.0.0.1']],
      [['10.0.0.7']],
      [['169.254.169.254']],
      [['::1']],
      [['fd00:ec2::254']],
      [['::ffff:127.0.0.1']],
      [['64:ff9b::7f00:1']],
      [['93.184.215.14', '127.0.0.1']],
    ])('does not connect to a listed name that leads to %j', async (addresses) => {
      const machine = await aMachine(addresses);
      expect(await machine.fetched()).toEqual({ outcome: 'ADDRESS_NOT_PUBLIC' });
      expect([machine.asked, machine.connections()]).toEqual([['cdn.media.example'], 0]);
    });

    it('calls it a fault of the network when a name is not known', async () => {
      const lookup: LookupFunction = (_hostname, _options, callback) =>
        callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
      const client = aClient({ hosts: parseResourceHosts('media.example') }, lookup);
      expect(await fetchFront(client, 'https://media.example/a')).toEqual({ outcome: 'NETWORK' });
    });
  });
});
