import type { AuditEntryPage, AuditEntryResponse } from '../../src/audit/audit.dto.ts';
import type { ReceiptResponse } from '../../src/callback/callback.dto.ts';
import type { ResultResponse, SessionResponse } from '../../src/sessions/session-responses.dto.ts';
import { theDocumentedResult } from '../../test/simulator/payloads.ts';
import type { Simulator } from '../../test/simulator/simulator.ts';
import { type ApiClient, rulesOf } from '../../test/support/api-client.ts';
import type { Auditor } from './auditor.ts';
import { chapter, exchange, facts, gap, good, quiet, remark, strong, table, warning } from './page.ts';

export interface Cast {
  /** Calls the service as account opening does. */
  readonly ledger: ApiClient;
  readonly vendor: Simulator;
  readonly auditor: Auditor;
}

const CALLBACK = 'POST /v1/callbacks/fpt';
const REVIEWER = 'reviewer-7';

/**
 * Tells what becomes of one customer's check, calling the service at every step, and checks that it is so.
 * @returns the uuid of the session
 * @throws Error naming what came out otherwise than the story says
 */
export async function tellStory(cast: Cast): Promise<string> {
  const uuid = `demo-${new Date()
    .toISOString()
    .replaceAll(/[^0-9]/g, '')
    .slice(0, 14)}`;
  await register(cast, uuid);
  const receipt = await firstDelivery(cast, uuid);
  const first = await readConclusion(cast, uuid);
  await repeatedDelivery(cast, first, receipt);
  await richerDelivery(cast, first);
  await unusableDelivery(cast, uuid);
  await lookAtPersonalData(cast, uuid);
  const newest = await readTimeline(cast, uuid);
  await auditTheLog(cast, newest);
  return uuid;
}

async function register({ ledger }: Cast, uuid: string): Promise<void> {
  chapter('Account opening announces a customer check');
  const { status, body } = await ledger.register({ uuid, customerRef: 'cust-20931', channel: 'mobile' });
  exchange('POST /v1/sessions', status);
  mustBe(status, 201, 'the answer to the registration');
  facts({ session: uuid, status: body.status, 'result due': `${body.expectedBy}` });
}

async function firstDelivery({ vendor }: Cast, uuid: string): Promise<ReceiptResponse> {
  chapter('The vendor delivers its documented callback');
  vendor.control.finish(uuid, { result: 'DOCUMENTED', callbackFault: null });
  const [answer] = await answersToVendor<ReceiptResponse>(vendor, uuid, 1);
  const { status, body: receipt } = answer!;
  exchange(CALLBACK, status);
  mustBe(receipt.outcome, 'ACCEPTED', 'the outcome of the first delivery');
  facts({ outcome: good(receipt.outcome), receipt: receipt.receiptId });
  remark('Answered only once a majority of the database had it in its journal.');
  return receipt;
}

async function readConclusion({ ledger }: Cast, uuid: string): Promise<SessionResponse> {
  chapter('What account opening reads');
  const session = await readSession(ledger, uuid);
  exchange('GET /v1/sessions/{uuid}', 200);
  mustBe(session.decision, 'REJECT', 'the decision');
  facts({
    status: session.status,
    decision: strong(`${session.decision}`),
    confirmed: `${yesNo(session.confirmed)}  ${quiet('a callback is not signed; alone it confirms nothing')}`,
    grade: `${session.grade}`,
    vendor: `${session.vendor?.code} ${session.vendor?.message}`,
  });
  gap();
  table(
    ['rule', 'outcome', 'fact', 'read', 'expected'],
    rulesOf(session).map(({ code, outcome, fact, observed, expected }) => [
      code,
      outcome === 'MET' ? warning('met') : "can't tell",
      `${fact}`,
      `${observed ?? '–'}`,
      `${expected}`,
    ]),
  );
  remark(
    `Rule set ${session.conclusion?.ruleSetVersion}. "Can't tell" counts against approval, never for it.`,
  );
  return session;
}

async function repeatedDelivery(
  { vendor, ledger }: Cast,
  before: SessionResponse,
  receipt: ReceiptResponse,
): Promise<void> {
  chapter('The vendor sends it three more times, all at once');
  const { uuid } = before;
  for (let copy = 0; copy < 3; copy += 1) vendor.control.redeliver(uuid);
  for (const { status, body } of await answersToVendor<ReceiptResponse>(vendor, uuid, 3)) {
    exchange(CALLBACK, status);
    mustBe(body.outcome, 'DUPLICATE', 'the outcome of a repetition');
    mustBe(body.receiptId, receipt.receiptId, 'the receipt of a repetition');
  }
  const after = await readSession(ledger, uuid);
  mustBe(after.version, before.version, 'the version of the session');
  facts({
    outcome: 'DUPLICATE, each with the receipt of the first',
    session: `version ${before.version} before, version ${after.version} after: nothing changed`,
  });
}

async function richerDelivery({ ledger }: Cast, before: SessionResponse): Promise<void> {
  chapter("A richer delivery: the vendor's warnings and its own conclusion");
  const { uuid } = before;
  const { status, body: receipt } = await ledger.deliver(theDocumentedResult(uuid));
  exchange(CALLBACK, status);
  mustBe(receipt.outcome, 'NEW_VERSION', 'the outcome of the richer delivery');
  const after = await readSession(ledger, uuid);
  facts({
    outcome: good(receipt.outcome),
    results: after.results
      .map(({ version, entryIndex }) => `version ${version} at entry ${entryIndex}`)
      .join(', '),
    decision: `${strong(`${after.decision}`)}  ${quiet(`the vendor itself says ${after.vendor?.decisionMessage}`)}`,
  });
  gap();
  const known = new Set(rulesOf(before).map(({ code }) => code));
  const added = rulesOf(after).filter(({ code }) => !known.has(code));
  mustBe(
    added.map(({ code }) => code).includes('FC03'),
    true,
    'the vendor warning among the rules that are met',
  );
  table(
    ['new rule', 'risk', 'says'],
    added.map(({ code, riskLevel, message }) => [code, `${riskLevel}`, message]),
  );
  remark('Of several different callbacks the strictest governs, in whatever order they arrive.');
}

async function unusableDelivery({ vendor, ledger }: Cast, uuid: string): Promise<void> {
  chapter('A delivery that breaks off in the middle');
  const broken = `${uuid}-broken`;
  vendor.control.finish(broken, { result: 'DOCUMENTED', callbackFault: 'MALFORMED' });
  const [answer] = await answersToVendor<QuarantineProblem>(vendor, broken, 1);
  exchange(CALLBACK, answer!.status);
  const { code, reason, receiptId } = answer!.body;
  mustBe(code, 'CALLBACK_QUARANTINED', 'the code of the answer');
  const [entry] = await findEntries(ledger, 'callback.quarantined', receiptId);
  facts({
    outcome: `${warning(code)}  ${reason}`,
    receipt: `${receiptId}  ${quiet(`entry ${entry!.index} of the log`)}`,
  });
  remark('The bytes are kept, encrypted, until a person or a better parser looks.');
}

interface QuarantineProblem {
  readonly code: string;
  readonly reason: string;
  readonly receiptId: string;
}

async function lookAtPersonalData({ ledger }: Cast, uuid: string): Promise<void> {
  chapter('A reviewer looks at the personal data, and the log says so');
  const { status, body } = await ledger.get<ResultResponse>(`/v1/sessions/${uuid}/result`, {
    'x-on-behalf-of': REVIEWER,
  });
  exchange('GET /v1/sessions/{uuid}/result', status);
  mustBe(status, 200, 'the answer');
  const { ocr } = body.result as { ocr: { documents: { fields: Record<string, { value: string }> }[] } };
  const { name, address } = ocr.documents[0]!.fields;
  facts({ name: `${name?.value}`, address: `${address?.value}` });
  gap();
  const views = await findEntries(ledger, 'personal_data.viewed', uuid);
  mustBe(views[0]?.actor.id, REVIEWER, 'the person who looked');
  table(
    ['entry', 'who looked', 'through', 'at'],
    views.map(({ index, actor, at }) => [`${index}`, actor.id, actor.via ?? '', at]),
  );
}

async function readTimeline({ ledger }: Cast, uuid: string): Promise<AuditEntryResponse> {
  chapter('The timeline: what the audit log says of this session');
  const { status, body } = await ledger.get<AuditEntryPage>(`/v1/sessions/${uuid}/timeline`);
  exchange('GET /v1/sessions/{uuid}/timeline', status);
  table(
    ['index', 'time', 'action', 'actor', 'says'],
    body.items.map((entry) => [
      `${entry.index}`,
      entry.at.slice(11, 23),
      entry.action,
      entry.actor.id,
      summaryOf(entry),
    ]),
  );
  const received = body.items.filter(({ action }) => action === 'callback.received');
  mustBe(received.length, 2, 'the number of callbacks in the log after five deliveries of two results');
  remark('Codes, decisions and digests, no personal data. Entries are only ever added; state is their fold.');
  return body.items.at(-1)!;
}

async function auditTheLog({ auditor }: Cast, newest: AuditEntryResponse): Promise<void> {
  chapter('An auditor checks a copy of the log, with a program that shares no code with the service');
  const copy = await auditor.takeCopy(newest);
  const asExported = auditor.verify(copy);
  const edited = auditor.verify({ ...copy, log: copy.log.replace('"REJECT"', '"APPROVE"') });
  mustBe(asExported.outcome, 'VERIFIED', 'the verdict on the copy');
  mustBe(edited.outcome, 'ROOT_DIFFERS', 'the verdict on the edited copy');
  facts({
    'as exported': `${good(asExported.outcome)}  ${asExported.details.get('entries')} entries, root ${asExported.details.get('root')}`,
    'one REJECT edited': `${warning(edited.outcome)}  ${edited.details.get('meaning')}`,
  });
  remark("It trusts the log's public key and nothing else. All cases: npm run verify -- --help");
}

async function findEntries(
  ledger: ApiClient,
  action: string,
  subject: string,
): Promise<AuditEntryResponse[]> {
  const entries = await ledger.entries(`action=${action}&subject=${subject}`);
  mustBe(entries.length > 0, true, `that the log has an entry ${action}`);
  return entries;
}

function summaryOf({ action, data }: AuditEntryResponse): string {
  const { version, decision, grade, form, channel } = data as Record<string, string>;
  switch (action) {
    case 'session.registered':
      return `channel ${channel}`;
    case 'callback.received':
      return `result ${version}`;
    case 'conclusion.reached':
      return `result ${version}: ${decision}, ${grade}`;
    case 'personal_data.viewed':
      return `result ${version}, ${form}`;
    default:
      return '';
  }
}

async function readSession(ledger: ApiClient, uuid: string): Promise<SessionResponse> {
  const { status, body } = await ledger.getSession(uuid);
  mustBe(status, 200, 'the answer to reading the session');
  return body;
}

interface VendorsAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** Waits until the simulator has sent what it has to send, and gives the last `count` answers that it got. */
async function answersToVendor<Body>(
  { control }: Simulator,
  uuid: string,
  count: number,
): Promise<VendorsAnswer<Body>[]> {
  await control.idle();
  return control
    .deliveries(uuid)
    .slice(-count)
    .map(({ status, answer, error }) => {
      if (status === null) throw new Error(`a callback got no answer: ${error}`);
      return { status, body: JSON.parse(answer) as Body };
    });
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function mustBe<T>(found: T, expected: T, what: string): void {
  if (found !== expected) throw new Error(`${what} is ${String(found)}, expected ${String(expected)}`);
}
