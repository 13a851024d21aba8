import type { VerificationResponse } from '../../../src/audit/verification.dto.ts';
import { databaseUri, runProgram, type ServiceProcess } from '../../support/service-process.ts';

/** Has the built verifier look at the service's database, as `npm run verify` does. The service must run. */
export async function verify(service: ServiceProcess): Promise<{ code: number | null; output: string }> {
  return verifyBy(await publicKeyOf(service), service);
}

/** The same where the service no longer runs. */
export function verifyBy(
  key: string,
  { database }: ServiceProcess,
): Promise<{ code: number | null; output: string }> {
  const args = ['--mongo', databaseUri(database), '--key', key, '--stateless'];
  return runProgram('verifier/main.js', {}, args);
}

export async function publicKeyOf({ api }: ServiceProcess): Promise<string> {
  const { keys } = (await api.get<VerificationResponse>('/v1/audit/verification')).body;
  return keys[0]!;
}
