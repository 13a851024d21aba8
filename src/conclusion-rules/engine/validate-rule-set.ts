import { parseIsoDate } from './calendar.ts';
import { APPROVAL_GROUP } from './compile.ts';
import { ConditionChecker, MAX_LIST } from './condition-checker.ts';
import { at, DocumentChecker, type DocumentError, type JsonRecord } from './document-checker.ts';
import { RISK_LEVELS, type RuleSet } from './rule-set.ts';

export type RuleSetValidation =
  | { readonly ok: true; readonly ruleSet: RuleSet }
  | { readonly ok: false; readonly errors: readonly DocumentError[] };

export const MAX_RULES = 500;
const MAX_REQUIREMENTS = 100;
const MAX_PARAMETERS = 200;
const MAX_MESSAGE = 500;
const MAX_REASON = 2_000;

const CODE = /^[A-Z][A-Z0-9_-]{0,63}$/;
const CODE_FORM = 'a code of up to 64 capitals, digits, _ and -';
const PARAMETER_NAME = /^[a-z][A-Za-z0-9]{0,63}$/;

/**
 * Each line names facts of which one has to be compared, by itself and not as one choice of several, before
 * anything is approved. Without a value no comparison holds, so no rule set can approve a session that these
 * facts say nothing about.
 */
const MUST_BE_KNOWN_TO_APPROVE: readonly (readonly string[])[] = [
  ['faceMatch.similarity', 'faceMatch.isMatch'],
  ['liveness.isLive'],
  ['ocr.code'],
  ['result.understood'],
];

/**
 * Decides whether a document is a rule set that may be compiled. Total: any value gives an answer, in time
 * bounded by the limits above, and nothing in the document is run.
 *
 * @returns the same document, typed, or what is wrong with it and where
 */
export function validateRuleSet(document: unknown): RuleSetValidation {
  const check = new DocumentChecker();
  const required = ['name', 'description', 'parameters', 'approveRequires', 'rules'];
  const root = check.object(document, '', required, ['fourEyes']);
  if (root !== null) {
    check.text(root['name'], 'name', 100);
    check.text(root['description'], 'description', MAX_REASON);
    const parameters = checkParameters(check, root['parameters']);
    const codes = new Set<string>();
    checkRequirements(check, root['approveRequires'], parameters, codes);
    checkRules(check, root['rules'], parameters, codes);
    if (Object.hasOwn(root, 'fourEyes')) checkFourEyes(check, root['fourEyes']);
  }
  if (check.errors.length > 0) return { ok: false, errors: check.errors };
  return { ok: true, ruleSet: document as RuleSet };
}

function checkParameters(check: DocumentChecker, value: unknown): JsonRecord {
  const parameters = check.record(value, 'parameters') ?? {};
  const names = Object.keys(parameters);
  if (names.length > MAX_PARAMETERS) check.fail('parameters', `must not be more than ${MAX_PARAMETERS}`);
  for (const name of names.slice(0, MAX_PARAMETERS)) {
    if (!PARAMETER_NAME.test(name)) {
      check.fail('parameters', 'must be named in letters and digits, beginning with a small letter');
      continue;
    }
    const path = at('parameters', name);
    const parameter = check.object(parameters[name], path, ['value', 'reason']);
    if (parameter === null) continue;
    check.text(parameter['reason'], at(path, 'reason'), MAX_REASON);
    const operand = parameter['value'];
    const items = Array.isArray(operand)
      ? check.list(operand, at(path, 'value'), { min: 1, max: MAX_LIST })
      : [operand];
    // Whether a value suits a fact is checked where it's used; here only that it's a value at all.
    if (!items.every((item) => ['number', 'boolean', 'string'].includes(typeof item))) {
      check.fail(at(path, 'value'), 'must be a number, true or false, text, or a list of these');
    }
  }
  return parameters;
}

function checkRequirements(
  check: DocumentChecker,
  value: unknown,
  parameters: JsonRecord,
  codes: Set<string>,
): void {
  const path = 'approveRequires';
  const necessary = new Set<string>();
  for (const [index, item] of check.list(value, path, { min: 1, max: MAX_REQUIREMENTS }).entries()) {
    const here = at(path, index);
    const requirement = check.object(item, here, ['code', 'message', 'reason', 'riskLevel', 'condition']);
    if (requirement === null) continue;
    checkHead(check, requirement, here, codes);
    const condition = new ConditionChecker(check, parameters);
    condition.condition(requirement['condition'], at(here, 'condition'));
    for (const fact of condition.necessary) necessary.add(fact);
  }
  for (const facts of MUST_BE_KNOWN_TO_APPROVE) {
    if (!facts.some((fact) => necessary.has(fact))) {
      check.fail(path, `must compare ${facts.join(' or ')}, by itself or under all`);
    }
  }
}

function checkRules(
  check: DocumentChecker,
  value: unknown,
  parameters: JsonRecord,
  codes: Set<string>,
): void {
  const groupNames = new Map<unknown, unknown>();
  for (const [index, item] of check.list(value, 'rules', { min: 1, max: MAX_RULES }).entries()) {
    const path = at('rules', index);
    const rule = check.object(
      item,
      path,
      ['code', 'group', 'message', 'reason', 'riskLevel', 'outcome', 'when', 'onUnknown'],
      ['absenceReason', 'effectiveFrom', 'effectiveUntil'],
    );
    if (rule === null) continue;
    checkHead(check, rule, path, codes);
    checkGroup(check, rule['group'], at(path, 'group'), groupNames);
    check.oneOf(rule['outcome'], at(path, 'outcome'), ['NEED_REVIEW', 'REJECT']);
    const condition = new ConditionChecker(check, parameters);
    condition.condition(rule['when'], at(path, 'when'));
    checkOnUnknown(check, rule, path, condition);
    checkEffectiveDays(check, rule, path);
  }
}

/** What rules and requirements have in common. */
function checkHead(check: DocumentChecker, item: JsonRecord, path: string, codes: Set<string>): void {
  const code = check.word(item['code'], at(path, 'code'), CODE, CODE_FORM);
  if (code !== null && codes.has(code)) check.fail(at(path, 'code'), 'is used twice');
  if (code !== null) codes.add(code);
  const message = check.object(item['message'], at(path, 'message'), ['en', 'vi']);
  if (message !== null) {
    check.text(message['en'], at(path, 'message.en'), MAX_MESSAGE);
    check.text(message['vi'], at(path, 'message.vi'), MAX_MESSAGE);
  }
  check.text(item['reason'], at(path, 'reason'), MAX_REASON);
  check.oneOf(item['riskLevel'], at(path, 'riskLevel'), RISK_LEVELS);
}

function checkGroup(
  check: DocumentChecker,
  value: unknown,
  path: string,
  groupNames: Map<unknown, unknown>,
): void {
  const group = check.object(value, path, ['code', 'name']);
  if (group === null) return;
  const code = check.word(group['code'], at(path, 'code'), CODE, CODE_FORM);
  if (code === APPROVAL_GROUP.code) check.fail(at(path, 'code'), 'is kept for unmet requirements');
  check.text(group['name'], at(path, 'name'), 100);
  if (groupNames.has(code) && groupNames.get(code) !== group['name']) {
    check.fail(at(path, 'name'), 'is another name than the group has in an earlier rule');
  }
  groupNames.set(code, group['name']);
}

function checkOnUnknown(
  check: DocumentChecker,
  rule: JsonRecord,
  path: string,
  condition: ConditionChecker,
): void {
  const onUnknown = check.oneOf(rule['onUnknown'], at(path, 'onUnknown'), [
    'NEED_REVIEW',
    'REJECT',
    'IGNORE',
  ]);
  const hasReason = Object.hasOwn(rule, 'absenceReason');
  if (hasReason) check.text(rule['absenceReason'], at(path, 'absenceReason'), MAX_REASON);
  if (onUnknown !== null && hasReason !== (onUnknown === 'IGNORE')) {
    check.fail(at(path, 'absenceReason'), 'must be given with onUnknown IGNORE and only then');
  }
  const missed = [...condition.facts].find((fact) => fact.normallyAbsent === null);
  if (onUnknown === 'IGNORE' && missed !== undefined) {
    check.fail(at(path, 'onUnknown'), `can't be IGNORE: ${missed.name} is never missing normally`);
  }
}

function checkEffectiveDays(check: DocumentChecker, rule: JsonRecord, path: string): void {
  const days = (['effectiveFrom', 'effectiveUntil'] as const).map((name) => {
    if (!Object.hasOwn(rule, name)) return null;
    const value = rule[name];
    if (typeof value === 'string' && parseIsoDate(value) !== null) return value;
    check.fail(at(path, name), 'must be a day, as yyyy-mm-dd');
    return null;
  });
  const [from, until] = days;
  if (from && until && from > until)
    check.fail(at(path, 'effectiveUntil'), 'must not be before effectiveFrom');
}

function checkFourEyes(check: DocumentChecker, value: unknown): void {
  const names = ['overrideOfReject', 'riskLevelAtLeast', 'conflict', 'reason'];
  const fourEyes = check.object(value, 'fourEyes', [], names);
  if (fourEyes === null) return;
  for (const name of ['overrideOfReject', 'conflict']) {
    if (Object.hasOwn(fourEyes, name) && typeof fourEyes[name] !== 'boolean') {
      check.fail(at('fourEyes', name), 'must be true or false');
    }
  }
  if (Object.hasOwn(fourEyes, 'riskLevelAtLeast')) {
    check.oneOf(fourEyes['riskLevelAtLeast'], at('fourEyes', 'riskLevelAtLeast'), RISK_LEVELS);
  }
  if (Object.hasOwn(fourEyes, 'reason')) check.text(fourEyes['reason'], at('fourEyes', 'reason'), MAX_REASON);
}
