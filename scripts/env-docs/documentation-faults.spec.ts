import { describe, expect, it } from '@jest/globals';
import { envExampleFaults, readmeFaults } from './documentation-faults.ts';

const declared = [
  { name: 'PORT', fallback: '3000', requiredInProduction: false },
  { name: 'VAULT_KEYS', fallback: null, requiredInProduction: true },
  { name: 'METRICS_TOKEN', fallback: null, requiredInProduction: false },
];

describe(envExampleFaults.name, () => {
  const complete = [
    '# ---- Server',
    '',
    '# TCP port.',
    'PORT=3000',
    '',
    '# Master keys.',
    '# Required in production.',
    'VAULT_KEYS=',
    '',
    '# Token of the scraper.',
    'METRICS_TOKEN=',
    '# MONGOD_BINARY=/usr/bin/mongod',
  ].join('\n');

  it('finds nothing where every variable is described', () => {
    expect(envExampleFaults(complete, declared)).toEqual([]);
  });

  it.each([
    ['a missing variable', 'METRICS_TOKEN=', '', 'METRICS_TOKEN is missing'],
    ['one that is commented out', 'PORT=3000', '# PORT=3000', 'PORT is missing'],
    ['another default', 'PORT=3000', 'PORT=8080', 'the default of PORT is "8080", it should be "3000"'],
    [
      'a secret that is given',
      'VAULT_KEYS=',
      'VAULT_KEYS=a:b',
      'the default of VAULT_KEYS is "a:b", it should be ""',
    ],
    [
      'a variable that does not exist',
      'METRICS_TOKEN=',
      'METRICS_TOKEN=\nMETRIC=',
      'METRIC is not read by the service',
    ],
    ['one without a comment', '# TCP port.\n', '', 'PORT is not described'],
    ['a repetition', 'PORT=3000', 'PORT=3000\nPORT=3000', 'PORT stands there 2 times'],
    [
      'silence about production',
      '# Required in production.\n',
      '',
      'the comment of VAULT_KEYS does not say that it is required in production',
    ],
  ])('names %s', (_, from, to, fault) => {
    expect(envExampleFaults(complete.replace(from, to), declared)).toEqual([fault]);
  });
});

describe(readmeFaults.name, () => {
  const complete = [
    '## Start',
    '| `OTHER` | `1` | a table of something else |',
    '## Configuration',
    '',
    '| Variable        | Default  | Meaning |',
    '| --------------- | -------- | ------- |',
    '| `PORT`          | `3000`   | TCP port |',
    '| `VAULT_KEYS`    | required | Master keys |',
    '| `METRICS_TOKEN` | –        | Token of the scraper |',
    '',
  ].join('\n');

  it('finds nothing where every variable has its row, be the section last or not', () => {
    expect(readmeFaults(complete, declared)).toEqual([]);
    expect(readmeFaults(`${complete}\n## Next\n| \`OTHER\` | | |\n`, declared)).toEqual([]);
  });

  it.each([
    ['a missing row', '| `PORT`          | `3000`   | TCP port |\n', '', 'PORT is missing'],
    ['another default', '`3000`', '`8080`', 'the default of PORT is "`8080`", it should be "`3000`"'],
    [
      'a requirement that is not told',
      'required',
      '–',
      'the default of VAULT_KEYS is "–", it should be "required"',
    ],
    ['a variable that does not exist', '`METRICS_TOKEN`', '`METRIC`', 'METRICS_TOKEN is missing'],
    ['an empty meaning', 'TCP port', '', 'PORT is not described'],
  ])('names %s', (_, from, to, fault) => {
    expect(readmeFaults(complete.replace(from, to), declared)).toContain(fault);
  });

  it('says so when the section is not there', () => {
    expect(readmeFaults('## Start\n', declared)).toEqual(['there is no section "## Configuration"']);
  });
});
