/**
 * A service of the bank that follows the feed and may be killed at any moment: `feed-consumer.ts <file> <key>
 * <address>…`. What a page holds and the position behind it are one line, and so one transaction: a line that a
 * kill has torn never happened.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { FeedResponse } from '../../../src/sessions/feed.dto.ts';
import type { ConsumedPage } from './consumed-feed.ts';

const LIMIT = 20;
const WAIT_SECONDS = 5;
const RETRY_AFTER_MS = 50;

const [file, key, ...addresses] = process.argv.slice(2) as [string, string, ...string[]];

let position = resume();
for (let turn = 0; ; turn += 1) {
  const page = await read(addresses[turn % addresses.length]!);
  if (page === null) {
    await delay(RETRY_AFTER_MS);
    continue;
  }
  const line: ConsumedPage = { after: position, items: page.items, next: page.next };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
  position = page.next;
}

/** Takes back what was torn, and gives the position behind the last page that was kept. */
function resume(): number {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const kept = text.slice(0, text.lastIndexOf('\n') + 1);
  if (kept.length < text.length) writeFileSync(file, kept);
  const last = kept.trimEnd().split('\n').at(-1);
  return last ? (JSON.parse(last) as ConsumedPage).next : -1;
}

/** Null where the instance is gone or refuses. */
async function read(address: string): Promise<FeedResponse | null> {
  const query = `after=${position}&limit=${LIMIT}&wait=${WAIT_SECONDS}`;
  try {
    const answer = await fetch(`${address}/v1/feed?${query}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return answer.ok ? ((await answer.json()) as FeedResponse) : null;
  } catch {
    return null;
  }
}
