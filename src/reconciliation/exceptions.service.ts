import { Injectable } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import type { LogEntry, Subject } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import type { Page } from '../platform/http/paging.ts';
import { Problem } from '../platform/http/problem.ts';
import { Vault } from '../vault/vault.service.ts';
import type { ExceptionClass } from './exception-class.ts';
import type { Cause } from './exception-causes.ts';
import { decideAssign, decideReconcile, decideResolve } from './exception.decider.ts';
import { type ExceptionFilter, ExceptionRepository } from './exception.repository.ts';
import { ExceptionStream } from './exception.stream.ts';
import { exceptionId, type ExceptionState, initialException } from './exception-state.ts';

/** How many exceptions an examination raised and resolved. */
export interface ExceptionChanges {
  readonly raised: number;
  readonly resolved: number;
}

/** What is known of one subject: everything that needs attention about it, and nothing else. */
export interface Finding {
  readonly about: Subject;
  readonly causes: readonly Cause[];
  /** Its exceptions as they are projected. */
  readonly known: readonly ExceptionState[];
}

/** Findings that wait for the log at once; the room in its queue is for the vendor's deliveries. */
const AT_ONCE = 32;

/** Everything that happens to an exception goes through here and into the log. */
@Injectable()
export class Exceptions {
  constructor(
    private readonly log: AuditLog,
    private readonly stream: ExceptionStream,
    private readonly repository: ExceptionRepository,
    private readonly vault: Vault,
  ) {}

  /**
   * Raises and resolves what follows from the findings. Two callers at once do it once: the projection only
   * spares needless commands, and the decision is made on the log.
   */
  async reconcile(findings: readonly Finding[]): Promise<ExceptionChanges> {
    const actions: string[] = [];
    for (let next = 0; next < findings.length; next += AT_ONCE) {
      const some = findings.slice(next, next + AT_ONCE);
      const entries = await Promise.all(some.flatMap((finding) => this.reconcileOne(finding)));
      actions.push(...entries.flat().map(({ action }) => action));
    }
    return {
      raised: actions.filter((action) => action === 'exception.raised').length,
      resolved: actions.filter((action) => action === 'exception.resolved').length,
    };
  }

  /**
   * Settles an exception in a person's name. The comment may name people, so it goes into the vault.
   * @throws Problem EXCEPTION_NOT_FOUND, EXCEPTION_NOT_OPEN
   */
  async resolve(id: string, resolutionCode: string, comment: string, person: Actor): Promise<ExceptionState> {
    const raised = (await this.repository.find(id))?.raised;
    if (!raised) throw notFound();
    const attachment = this.vault.attachment({
      session: raised.about.id,
      kind: 'comment',
      bytes: Buffer.from(comment, 'utf8'),
      hasEarlier: true,
    });
    const { state, own } = await this.append(id, person, (before) =>
      decideResolve(before, resolutionCode, attachment),
    );
    if (own.length === 0) throw notOpen();
    return state;
  }

  /**
   * Makes a person the owner of an open exception, or nobody.
   * @param by who says so
   * @throws Problem EXCEPTION_NOT_FOUND, EXCEPTION_NOT_OPEN
   */
  async assign(id: string, owner: string | null, by: Actor): Promise<ExceptionState> {
    if ((await this.repository.find(id)) === null) throw notFound();
    const { state } = await this.append(id, by, (before) => decideAssign(before, owner));
    if (state.status !== 'OPEN') throw notOpen();
    return state;
  }

  page(filter: ExceptionFilter, limit: number, cursor?: string): Promise<Page<ExceptionState>> {
    return this.repository.page(filter, limit, cursor);
  }

  ofSessions(uuids: readonly string[]): Promise<ExceptionState[]> {
    return this.repository.findOfSessions(uuids);
  }

  /** Those of the exceptions that were ever raised. */
  findMany(ids: readonly string[]): Promise<ExceptionState[]> {
    return this.repository.findMany(ids);
  }

  /** Those of the sessions that have an open exception. */
  withOpen(uuids: readonly string[]): Promise<Set<string>> {
    return this.repository.withOpen(uuids);
  }

  countOpen(): Promise<Map<ExceptionClass, number>> {
    return this.repository.countOpen();
  }

  private reconcileOne({ about, causes, known }: Finding): Promise<readonly LogEntry[]>[] {
    const byId = new Map(known.map((state) => [state.id, state]));
    const causeById = new Map(causes.map((cause) => [exceptionId(cause.class, about.id), cause]));
    const ids = new Set([...byId.keys(), ...causeById.keys()]);
    return [...ids].flatMap((id) => {
      const decide = (state: ExceptionState) => decideReconcile(state, about, causeById.get(id) ?? null);
      if (decide(byId.get(id) ?? initialException(id)).length === 0) return [];
      return [this.append(id, SYSTEM_ACTOR, decide).then(({ own }) => own)];
    });
  }

  private append(
    id: string,
    actor: Actor,
    decide: (state: ExceptionState) => readonly EntryDraft[],
  ): Promise<{ state: ExceptionState; own: readonly LogEntry[] }> {
    return this.log.append({
      stream: this.stream,
      subjectId: id,
      actor,
      decide,
      answer: (state: ExceptionState, own) => ({ state, own }),
    });
  }
}

function notFound(): Problem {
  return new Problem('EXCEPTION_NOT_FOUND', 'See the list of exceptions for their ids.');
}

function notOpen(): Problem {
  return new Problem('EXCEPTION_NOT_OPEN', 'Read the resolution in the list.');
}
