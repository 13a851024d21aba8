import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MAX_ADD_CHECKPOINT_BYTES } from '../audit/format/constants.ts';
import { witnessCheckpointPath } from '../audit/format/witness-protocol.ts';
import type { StateFile } from './state-file.ts';
import type { Witness, WitnessAnswer } from './witness.ts';

const PLAIN = 'text/plain; charset=utf-8';

/** `POST /add-checkpoint` and `GET /<sha256 of origin>/checkpoint`, and nothing else. */
export function witnessServer(witness: Witness, state: StateFile, onError: (error: unknown) => void): Server {
  const server = createServer((request, response) => {
    answer(request, witness, state).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        onError(error);
        send(response, { status: 500, contentType: PLAIN, body: 'the witness failed\n' });
      },
    );
  });
  server.requestTimeout = 10_000;
  return server;
}

async function answer(request: IncomingMessage, witness: Witness, state: StateFile): Promise<WitnessAnswer> {
  const path = request.url ?? '';
  if (request.method === 'POST' && path === '/add-checkpoint') {
    const body = await readBody(request);
    return body === null
      ? { status: 413, contentType: PLAIN, body: 'too large\n' }
      : witness.addCheckpoint(body);
  }
  const origin = state.origins().find((known) => path === `/${witnessCheckpointPath(known)}`);
  const tree = request.method === 'GET' && origin !== undefined ? state.find(origin) : undefined;
  return tree === undefined
    ? { status: 404, contentType: PLAIN, body: 'not found\n' }
    : { status: 200, contentType: PLAIN, body: tree.note.toString() };
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ADD_CHECKPOINT_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, contentType, body }: WitnessAnswer): void {
  response.writeHead(status, { 'content-type': contentType }).end(body);
}
