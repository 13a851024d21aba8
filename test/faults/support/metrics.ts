import type { ServiceProcess } from '../../support/service-process.ts';

/** The service's metrics that have no labels, by name. Delays of the event loop are since the last reading. */
export async function readMetrics(service: ServiceProcess): Promise<ReadonlyMap<string, number>> {
  const { bytes } = await service.as(null).get('/metrics');
  const lines = bytes.toString().matchAll(/^([a-z_0-9]+) (\S+)$/gm);
  return new Map(Array.from(lines, ([, name, value]) => [name!, Number(value)]));
}
