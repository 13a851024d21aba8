import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { AppConfig } from './app-config.ts';
import { developmentSecrets } from './development-secrets.ts';
import { EnvironmentVariables } from './environment-variables.ts';

/** The environment can't be used. The message names each variable and what is wrong, never a value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Turns the environment into typed configuration.
 * @throws ConfigurationError listing every variable that is missing or malformed.
 */
export function parseEnvironment(
  env: Record<string, unknown>,
  log: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): AppConfig {
  const variables = plainToInstance(EnvironmentVariables, env, { exposeDefaultValues: true });
  const errors = validateSync(variables, {
    skipMissingProperties: false,
    validationError: { target: false, value: false },
  });
  if (errors.length > 0) {
    const lines = errors.map(
      (error) => `  ${error.property}: ${Object.values(error.constraints ?? {}).join('; ')}`,
    );
    throw new ConfigurationError(`The environment is not usable, see .env.example:\n${lines.join('\n')}`);
  }
  return new AppConfig(
    variables,
    variables.NODE_ENV === 'production' ? null : developmentSecrets(variables.DATA_DIR, log),
    env as NodeJS.ProcessEnv,
  );
}
