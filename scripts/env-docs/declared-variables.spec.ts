import { describe, expect, it } from '@jest/globals';
import { declaredVariables } from './declared-variables.ts';

describe(declaredVariables.name, () => {
  it('finds every property with its default as the environment would spell it', () => {
    const source = `
      const RequiredInProduction = () => decorate();
      export class EnvironmentVariables {
        /** Address. */
        @IsString()
        HOST = '127.0.0.1';
        @Type(() => Number) @Max(31_536_000)
        EXPIRES_AFTER_S = 86_400;
        NODE_ENV:
          | 'production'
          | 'development' = 'development';
        @emptyIsAbsent @RequiredInProduction()
        MONGODB_URI?: string;
        @IsOptional()
        RULE_SET_FILE?: string;
      }`;
    expect(declaredVariables(source)).toEqual([
      { name: 'HOST', fallback: '127.0.0.1', requiredInProduction: false },
      { name: 'EXPIRES_AFTER_S', fallback: '86400', requiredInProduction: false },
      { name: 'NODE_ENV', fallback: 'development', requiredInProduction: false },
      { name: 'MONGODB_URI', fallback: null, requiredInProduction: true },
      { name: 'RULE_SET_FILE', fallback: null, requiredInProduction: false },
    ]);
  });

  it('refuses a source without the class, because no variables would mean no faults', () => {
    expect(() => declaredVariables('export class Settings { PORT = 1; }')).toThrow(
      'no class EnvironmentVariables',
    );
  });

  it('refuses a default that it can not spell', () => {
    const source = 'export class EnvironmentVariables { PORT = portOf(3); }';
    expect(() => declaredVariables(source)).toThrow('the default of PORT');
  });
});
