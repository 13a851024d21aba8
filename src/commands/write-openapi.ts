import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.ts';
import { fastifyAdapter } from '../platform/http/fastify.ts';
import { describeApi } from '../platform/openapi/openapi.ts';

/** `npm run openapi` compares the committed description with the code; `npm run openapi:fix` writes it. */
const FILE = 'openapi.json';

// Preview builds the module graph without starting anything: no database, no secrets.
const app = await NestFactory.create(AppModule, fastifyAdapter(), { preview: true, logger: false });
const described = `${JSON.stringify(describeApi(app), null, 2)}\n`;

if (process.argv.includes('--write')) {
  writeFileSync(FILE, described);
} else if (readCommitted() !== described) {
  process.stderr.write(`${FILE} is not what the code says; repair it with: npm run openapi:fix\n`);
  process.exitCode = 1;
}

function readCommitted(): string {
  try {
    return readFileSync(FILE, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
