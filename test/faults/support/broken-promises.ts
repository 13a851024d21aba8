import type { LogEntry } from '../../../src/audit/format/leaf.ts';
import type { LedgerContents } from './ledger-contents.ts';
import { type Acknowledgement, type Delivery, sha256Of } from './resending-vendor.ts';

/** What the vendor's side knows. */
export interface VendorRecord {
  readonly sent: ReadonlyMap<string, Delivery>;
  readonly acknowledged: readonly Acknowledgement[];
}

/** Every way in which a ledger does not hold what it has acknowledged, or holds it more than once. */
export function brokenPromises(ledger: LedgerContents, vendor: VendorRecord): string[] {
  return [
    ...gapsIn(ledger.entries),
    ...vendor.acknowledged.flatMap((receipt) => lost(receipt, ledger)),
    ...contradictions(vendor.acknowledged),
    ...halfDone(ledger),
    ...doubled(ledger, vendor.sent),
  ];
}

/** Indexes that are not dense, ids that come twice, times that decrease. */
export function gapsIn(entries: readonly Pick<LogEntry, 'index' | 'id' | 'at'>[]): string[] {
  const ids = new Set<string>();
  return entries.flatMap(({ index, id, at }, place) => {
    const faults: string[] = [];
    if (index !== place) faults.push(`entry ${index} stands in place ${place}`);
    if (ids.has(id)) faults.push(`entry ${index} has the id of an earlier one`);
    if (place > 0 && at < entries[place - 1]!.at) faults.push(`entry ${index} is older than the one before`);
    ids.add(id);
    return faults;
  });
}

function lost({ receiptId, outcome, delivery }: Acknowledgement, ledger: LedgerContents): string[] {
  const { uuid, sha256 } = delivery;
  if (uuid === null) return lostInQuarantine(receiptId, sha256, ledger);
  const named = `the receipt ${receiptId} (${outcome}) of ${uuid}`;
  const entry = index(ledger.entries).byId.get(receiptId);
  if (entry?.action !== 'callback.received' || entry.subject.id !== uuid)
    return [`${named} is not in the log`];
  const result = ledger.sessions.get(uuid)?.results.find(({ entryId }) => entryId === receiptId);
  if (result?.entryIndex !== entry.index) return [`${named} is not in its session`];
  const blob = ledger.blobs.get(receiptId);
  if (blob === undefined) return [`${named} has no bytes`];
  return sha256Of(blob) === sha256 ? [] : [`${named} has other bytes than were sent`];
}

/** Quarantine keeps a delivery under its receipt as subject; the same bytes have the same receipt. */
function lostInQuarantine(receiptId: string, sha256: string, { entries, blobs }: LedgerContents): string[] {
  const kept = index(entries).quarantined.get(receiptId) ?? [];
  if (kept.length !== 1) return [`the receipt ${receiptId} is ${kept.length} times in the log`];
  const blob = blobs.get(kept[0]!.id);
  return blob !== undefined && sha256Of(blob) === sha256 ? [] : [`the bytes of ${receiptId} are not kept`];
}

/** Answers that can't all be true. */
function contradictions(acknowledged: readonly Acknowledgement[]): string[] {
  return [...Map.groupBy(acknowledged, ({ delivery }) => delivery.sha256).values()].flatMap((answers) => {
    const { receiptId } = answers[0]!;
    const firsts = answers.filter(({ outcome }) => outcome === 'ACCEPTED' || outcome === 'NEW_VERSION');
    return [
      ...(answers.some((answer) => answer.receiptId !== receiptId)
        ? [`${receiptId}: other receipts for the same bytes`]
        : []),
      ...(firsts.length > 1 ? [`${receiptId}: new ${firsts.length} times`] : []),
    ];
  });
}

/** Results that were received and not judged once, or whose bytes are missing: acknowledged or not, all or nothing. */
function halfDone({ entries, blobs }: LedgerContents): string[] {
  const { received, conclusions } = index(entries);
  return received.flatMap(({ id, subject, data }) => {
    const judged = conclusions.get(`${subject.id}/${Number(data['version'])}`) ?? 0;
    return [
      ...(blobs.has(id) ? [] : [`the result ${id} has no bytes`]),
      ...(judged === 1 ? [] : [`the result ${id} was judged ${judged} times`]),
    ];
  });
}

/** Results that nobody sent, and bodies that had more than one effect. */
function doubled({ entries, blobs }: LedgerContents, sent: ReadonlyMap<string, Delivery>): string[] {
  const effects = new Set<string>();
  return index(entries).received.flatMap(({ id, subject }) => {
    const sha256 = sha256Of(blobs.get(id) ?? Buffer.alloc(0));
    const faults: string[] = [];
    if (sent.get(sha256)?.uuid !== subject.id) faults.push(`nobody sent the result ${id}`);
    if (effects.has(sha256)) faults.push(`the result ${id} was received before`);
    effects.add(sha256);
    return faults;
  });
}

interface EntryIndex {
  readonly byId: ReadonlyMap<string, LogEntry>;
  readonly received: readonly LogEntry[];
  /** How many conclusions there are, by `<uuid>/<version>`. */
  readonly conclusions: ReadonlyMap<string, number>;
  /** By receipt. */
  readonly quarantined: ReadonlyMap<string, LogEntry[]>;
}

const indexes = new WeakMap<readonly LogEntry[], EntryIndex>();

function index(entries: readonly LogEntry[]): EntryIndex {
  const known = indexes.get(entries);
  if (known !== undefined) return known;
  const conclusions = new Map<string, number>();
  for (const { action, subject, data } of entries) {
    if (action !== 'conclusion.reached') continue;
    const key = `${subject.id}/${Number(data['version'])}`;
    conclusions.set(key, (conclusions.get(key) ?? 0) + 1);
  }
  const built = {
    byId: new Map(entries.map((entry) => [entry.id, entry])),
    received: entries.filter(({ action }) => action === 'callback.received'),
    conclusions,
    quarantined: Map.groupBy(
      entries.filter(({ action }) => action === 'callback.quarantined'),
      ({ subject }) => subject.id,
    ),
  };
  indexes.set(entries, built);
  return built;
}
