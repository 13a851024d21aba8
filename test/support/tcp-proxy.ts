import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server on this machine that can be cut, or fall silent. */
export interface TcpProxy {
  readonly port: number;
  /**
   * What the server answers gets lost, while requests still arrive; no connection is closed.
   * @param request only where a request has held these bytes; all answers if left out
   */
  loseAnswers(request?: Buffer): void;
  /** New connections get their answers again; those that lost some stay silent. */
  answerAgain(): void;
  /** Nothing gets through in either direction, and nothing is lost, until {@link release}. */
  hold(): void;
  release(): void;
  /** Ends every connection and takes no new one. May be called again. */
  cut(): Promise<void>;
  /** Takes connections again, on the same port. */
  restore(): Promise<void>;
}

/** The two halves of a connection. */
interface Link {
  readonly incoming: Socket;
  readonly outgoing: Socket;
  silent: boolean;
}

/** @param targetPort of every connection, or asked for each one anew */
export async function startTcpProxy(targetPort: number | (() => number)): Promise<TcpProxy> {
  const links = new Set<Link>();
  let isHeld = false;
  let silences: ((request: Buffer) => boolean) | null = null;
  const server = createServer((incoming) => {
    const outgoing = connect(typeof targetPort === 'number' ? targetPort : targetPort(), '127.0.0.1');
    const link: Link = { incoming, outgoing, silent: false };
    links.add(link);
    const end = (): void => {
      links.delete(link);
      incoming.destroy();
      outgoing.destroy();
    };
    for (const socket of [incoming, outgoing]) socket.on('error', () => undefined).on('close', end);
    incoming.on('data', (request: Buffer) => {
      link.silent ||= silences?.(request) ?? false;
      outgoing.write(request);
    });
    outgoing.on('data', (answer: Buffer) => {
      if (!link.silent) incoming.write(answer);
    });
    if (isHeld) pause(link);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    loseAnswers(request) {
      silences = (bytes) => request === undefined || bytes.includes(request);
      if (request === undefined) for (const link of links) link.silent = true;
    },
    answerAgain() {
      silences = null;
    },
    hold() {
      isHeld = true;
      links.forEach(pause);
    },
    release() {
      isHeld = false;
      for (const { incoming, outgoing } of links) {
        incoming.resume();
        outgoing.resume();
      }
    },
    async cut() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const { incoming, outgoing } of links) {
        incoming.destroy();
        outgoing.destroy();
      }
      await closed;
    },
    restore: async () => void (await listen(port)),
  };
}

function pause({ incoming, outgoing }: Link): void {
  incoming.pause();
  outgoing.pause();
}
