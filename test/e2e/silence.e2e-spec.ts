import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCallback } from '../simulator/payloads.ts';
import { eventually } from '../support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../support/service-process.ts';

describe('when callbacks stay away', () => {
  let service: ServiceProcess;

  beforeAll(async () => {
    service = await startService({ env: { SESSION_EXPECTED_WITHIN_S: '1' } });
  });
  afterAll(() => stopServices());

  const metric = async (name: string) => {
    const text = (await service.api.get('/metrics')).bytes.toString();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  const register = (...uuids: string[]) =>
    Promise.all(uuids.map((uuid) => service.api.register({ uuid, expiresAfterSeconds: 3600 })));

  it('no alarm rings for a customer who gave up', async () => {
    await register('gave-up');
    await eventually(async () => (await metric('ekyc_sessions_without_callback')) === 1);
    expect(await metric('ekyc_callback_wait_usual_seconds')).toBe(1);
    expect(await metric('ekyc_callback_silence_alarm')).toBe(0);
  });

  it('the alarm rings once several sessions in a row got none, and ends with the next callback', async () => {
    await register('s-1', 's-2', 's-3', 's-4');
    await eventually(async () => (await metric('ekyc_callback_silence_alarm')) === 1);
    expect(await metric('ekyc_sessions_without_callback')).toBe(5);
    expect(await metric('ekyc_callback_silence_seconds')).toBeGreaterThan(0);
    await service.api.deliver(aCallback({ uuid: 's-1' }));
    await eventually(async () => (await metric('ekyc_callback_silence_alarm')) === 0);
    expect(await metric('ekyc_sessions_without_callback')).toBe(4);
  });
});
