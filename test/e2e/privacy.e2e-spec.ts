import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { theDocumentedCallback, theDocumentedResult } from '../simulator/payloads.ts';
import { type Answer, ApiClient, inUtf8 } from '../support/api-client.ts';
import { startService, stopServices, type ServiceProcess } from '../support/service-process.ts';

/** Somebody invented whose data can be told from everything else, in every spelling that code might make. */
const MARK = 'Dấu-Riêng';
const PERSON = {
  id: '079171004321',
  name: `Bùi Thị ${MARK}`,
  nameInCapitals: 'BUI THI DAU RIENG',
  nameInOneWord: 'BuiThiDauRieng',
  passport: 'C7171943',
  phone: '0917171943',
  dob: '17/08/1971',
  issued: '23/04/2019',
  expires: '17/08/2031',
};
const NEEDLES = [MARK, ...Object.values(PERSON), '1971-08-17', '2019-04-23', '2031-08-17', '79171004321'];

/** What of a result may be shown, because it says what was found, not about whom. Everything else is personal. */
const NOT_PERSONAL: readonly RegExp[] = [
  /(^|\.)code$/, //                                   what became of a step: "200", "303"
  /\.(type|type_new)$/, //                            kind of document
  /\.(is_live|is_deepfake|isMatch)$/, //              yes or no
  /_(prob|score)$|\.similarity$/, //                  scores, which API.md shows as `observed`
  /\.warning_code$|\.group_code$/, //                 the vendor's catalogue
  /\.(prediction_result|risk_level|count|decision|decision_message|ocr_retry|face_retry)$/,
];

let service: ServiceProcess;
/** Every body that was answered, but those that are there to show personal data. */
const shown: string[] = [];
const uuids = ['private-callback', 'private-result', 'private-odd'];

beforeAll(async () => {
  service = await startService({ env: { LOG_LEVEL: 'trace' } });
  const api = recording(service.api);
  await register();
  for (const body of [...usableDeliveries(), ...unusableDeliveries()])
    shown.push(textOf(await api.deliver(body)));
  await askForEverything(api);
  await askForNonsense(api);
});
afterAll(stopServices);

/** A client that remembers what it is answered. */
function recording(api: ApiClient): ApiClient {
  return Object.assign(Object.create(api) as ApiClient, {
    async call(...request: Parameters<ApiClient['call']>) {
      const answer = await api.call(...request);
      shown.push(textOf(answer));
      return answer;
    },
  });
}

function textOf({ status, headers, bytes }: Answer<unknown>): string {
  return `${status}\n${[...headers].map(([name, value]) => `${name}: ${value}\n`).join('')}\n${bytes.toString()}`;
}

async function register(): Promise<void> {
  await service.api.register({ uuid: uuids[0], customerRef: 'cust-20931', channel: 'mobile' });
}

function usableDeliveries(): object[] {
  const [callback, result, odd] = uuids as [string, string, string];
  return [
    personal(theDocumentedCallback(callback)),
    personal(theDocumentedCallback(callback)),
    personal(theDocumentedResult(result)),
    personal(theDocumentedCallback(result)),
    ...misplaced(odd),
  ];
}

/** The document with somebody's data in every place that may hold any. */
function personal(document: object): object {
  const at = (path: string, value: unknown): unknown => {
    if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value).map(
        ([name, member]) => [name, at(path === '' ? name : `${path}.${name}`, member)] as const,
      );
      return Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members);
    }
    if (path === 'uuid' || value === '' || value === 'N/A' || NOT_PERSONAL.some((kind) => kind.test(path))) {
      return value;
    }
    const field = path.split('.').at(-1)!;
    const own: Record<string, string> = {
      id: PERSON.id,
      name: PERSON.name,
      dob: PERSON.dob,
      doe: PERSON.expires,
      issue_date: PERSON.issued,
    };
    return own[field] ?? `${MARK} ${String(value)}`;
  };
  return at('', document) as object;
}

/** Personal data where it never belongs: in codes, flags, numbers, words, keys. */
function misplaced(uuid: string): object[] {
  const values = [
    PERSON.id,
    Number(PERSON.id),
    PERSON.name,
    PERSON.passport,
    PERSON.nameInCapitals,
    [PERSON.name],
  ];
  const asKeys = {
    [PERSON.name]: 1,
    [PERSON.id]: PERSON.id,
    [PERSON.nameInOneWord]: { [PERSON.phone]: [PERSON.id] },
  };
  const ofCard = {
    ...asKeys,
    [`${PERSON.id}_prob`]: PERSON.name,
    overall_score: PERSON.id,
    type: PERSON.name,
  };
  return values.map((value) => {
    const warning = {
      warning_code: value,
      warning_message: PERSON.name,
      prediction_result: value,
      risk_level: value,
      confident_score: value,
      count: value,
    };
    return {
      uuid,
      code: value,
      message: PERSON.name,
      ...asKeys,
      ocr: {
        code: value,
        ...asKeys,
        data: [ofCard, { type_new: value, mrz: asKeys }],
        warning_data: [warning, value],
      },
      liveness: {
        code: value,
        is_live: value,
        spoof_prob: value,
        is_deepfake: value,
        warning: value,
        ...asKeys,
      },
      face_match: { code: value, isMatch: value, similarity: value, warning: value, ...asKeys },
      resources: { front: `https://media.example/${PERSON.id}.jpg`, video: value },
      kyc_conclusion: {
        decision: value,
        decision_message: value,
        risk_level: value,
        ocr_retry: value,
        rule_table: [
          { group_code: PERSON.nameInOneWord, group_name: PERSON.name, risk_level: value, rules: [warning] },
          { group_code: value, rules: value },
        ],
      },
    };
  });
}

function unusableDeliveries(): (string | Buffer | object)[] {
  const text = JSON.stringify(personal(theDocumentedCallback('private-unusable')));
  return [
    text.slice(0, -2),
    `name=${PERSON.name}&id=${PERSON.id}`,
    Buffer.concat([Buffer.from(text), Buffer.of(0xff)]),
    `[${text}]`,
    `{"id":"${PERSON.id}","id":"${PERSON.name}","uuid":"private-unusable"}`,
    `${text.replace('"private-unusable"', `"${PERSON.name}"`)}`,
    { uuid: Number(PERSON.id), name: PERSON.name },
    { uuid: { [PERSON.id]: PERSON.name } },
    { name: PERSON.name },
    Buffer.from(text.repeat(5_000)).subarray(0, 5 * 1024 * 1024),
  ];
}

async function askForEverything(api: ApiClient): Promise<void> {
  for (const uuid of uuids) {
    await api.getSession(uuid);
    await api.all(`/v1/sessions/${uuid}/timeline`);
    for (const form of ['', '/raw']) await service.api.get(`/v1/sessions/${uuid}/result${form}`);
    await api.send(
      'DELETE',
      `/v1/sessions/${uuid}/personal-data`,
      { legalBasis: 'PDPL' },
      { 'x-on-behalf-of': 'dpo' },
    );
  }
  for (const { receiptId } of await api.all<{ receiptId: string }>('/v1/quarantine')) {
    await service.api.get(`/v1/quarantine/${receiptId}/raw`);
    await api.call('POST', `/v1/quarantine/${receiptId}/replays`, { headers: { 'x-on-behalf-of': 'desk' } });
  }
  await api.all('/v1/sessions');
  for (const { index } of await api.entries()) {
    await api.get(`/v1/audit/entries/${index}`, { accept: 'application/octet-stream' });
  }
  for (const path of [
    '/v1/audit/export',
    '/v1/audit/export?format=csv',
    '/metrics',
    '/health/ready',
    '/docs-json',
  ]) {
    await api.get(path);
  }
}

/** Mistakes of callers that put personal data where it is refused. */
async function askForNonsense(api: ApiClient): Promise<void> {
  const odd = Object.values(PERSON).map((value) => [value, encodeURIComponent(value)] as const);
  for (const [value, encoded] of odd) {
    await api.get(`/v1/${encoded}`);
    await api.get(`/v1/sessions?customerRef=${encoded}&status=${encoded}&from=${encoded}&limit=${encoded}`);
    await api.get(`/v1/sessions?cursor=${encoded}`);
    await api.get(`/v1/sessions/%zz${encoded}`);
    await api.get(`/v1/sessions/${'a'.repeat(300)}${encoded}?name=${encoded}`);
    await api.get(`/v1/audit/entries?action=${encoded}&subject=${encoded}%20`);
    await api.register({ uuid: `${value} `, customerRef: value, channel: value, expiresAfterSeconds: value });
    await api.register({ uuid: 'x', customerRef: { [value]: value } });
    await api.call('POST', '/v1/sessions', {
      headers: { 'content-type': 'application/json' },
      body: `{"uuid":"${value}`,
    });
    const headers = {
      'x-on-behalf-of': `${inUtf8(value)}\u00ff`,
      'x-correlation-id': `${inUtf8(value)}!`,
      'user-agent': inUtf8(value),
      referer: `https://bank.example/${encoded}`,
      cookie: `customer=${encoded}`,
    };
    await api.get(`/v1/sessions/${uuids[0]!}/result`, headers);
    await api.deliver('{}', { ...headers, 'x-callback-token': inUtf8(value) });
    await api.get('/v1/sessions', { ...headers, authorization: `Bearer ${encoded}` });
  }
}

/** Those of the person's values that a text contains, in any capitals. */
function findPerson(text: string): string[] {
  const low = text.toLowerCase();
  return NEEDLES.filter((needle) => low.includes(needle.toLowerCase()));
}

describe('personal data of a result', () => {
  it('is what the test looks for: every value but the argued ones, found where it belongs', async () => {
    const raw = await service.api.get(`/v1/sessions/${uuids[1]!}/result/raw?version=1`);
    expect(findPerson(raw.bytes.toString())).toEqual(
      expect.arrayContaining([MARK, PERSON.id, PERSON.name, PERSON.dob, PERSON.issued, PERSON.expires]),
    );
    const normalised = await service.api.get(`/v1/sessions/${uuids[1]!}/result`);
    expect(findPerson(normalised.bytes.toString())).toContain(PERSON.name);
    const outcomes = (await service.api.entries('action=callback.quarantined')).map(
      ({ data }) => data['reason'],
    );
    expect(outcomes.sort()).toEqual([
      ...['AMBIGUOUS_JSON', 'BAD_UUID', 'BAD_UUID', 'BAD_UUID', 'INVALID_UTF8', 'NOT_AN_OBJECT', 'NOT_JSON'],
      ...['NOT_JSON', 'NO_UUID', 'TOO_LARGE'],
    ]);
    expect((await service.api.getSession(uuids[2]!)).body.results).toHaveLength(6);
  });

  it('is in no answer: sessions, lists, timelines, entries, export, errors, metrics, health', () => {
    expect(shown.length).toBeGreaterThan(150);
    expect(shown.filter((text) => findPerson(text).length > 0)).toEqual([]);
  });

  it('is in nothing that the service printed, at its most talkative', async () => {
    const logs = await service.allLogs();
    expect(logs).toContain('/v1/callbacks/fpt');
    expect(logs.split('\n').filter((line) => findPerson(line).length > 0)).toEqual([]);
  });

  it('is in no collection of the database, the vault included, down to the bytes', async () => {
    const collections = await service.db.listCollections().toArray();
    const found: Record<string, string[]> = {};
    const sizes: Record<string, number> = {};
    for (const { name } of collections) {
      const documents = await service.db.collection(name).find({}, { raw: true }).toArray();
      const bytes = Buffer.concat(documents as unknown as Buffer[]);
      sizes[name] = bytes.length;
      found[name] = findPerson(bytes.toString());
    }
    expect(Object.values(found).flat()).toEqual([]);
    for (const name of ['audit_log', 'sessions', 'vault']) {
      expect(sizes[name]).toBeGreaterThan(1_000);
    }
  });

  it('leaves an age or a number of days out of the conclusion, too', async () => {
    const { body } = await service.api.getSession(uuids[1]!);
    const observed = body.conclusion!.ruleTable.flatMap(({ rules }) =>
      rules.filter(({ fact }) => /ageYears|days/i.test(fact ?? '')).map((rule) => rule.observed),
    );
    expect(observed.filter((value) => value !== null)).toEqual([]);
  });

  it('is not shown even as a single word in capitals in place of the decision', async () => {
    const uuid = 'private-word';
    const result = theDocumentedResult(uuid);
    await service.api.deliver({
      ...result,
      kyc_conclusion: { ...result.kyc_conclusion, decision_message: 'BUITHIDAURIENG' },
    });
    const entries = await service.api.entries(`subject=${uuid}`);
    expect(JSON.stringify(entries[0])).not.toContain('BUITHIDAURIENG');
    expect(JSON.stringify(entries[1])).not.toContain('BUITHIDAURIENG');
    expect((await service.api.getSession(uuid)).bytes.toString()).not.toContain('BUITHIDAURIENG');
  });
});
