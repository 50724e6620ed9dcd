// Requests as the data layer makes them: what came of a call of the generated client, told in the
// few ways that matter to the caller.

import type { Problem } from '@taskwire/client';

import { t } from '../text/index.ts';
import { ActionError } from './types.ts';

export type Answer<T> =
  | { kind: 'ok'; data: T; response: Response }
  | { kind: 'refused'; problem: Problem }
  /** The server cannot be reached or is not ready; try again, after `wait` milliseconds at least. */
  | { kind: 'later'; wait: number; problem?: Problem }
  | { kind: 'signed-out'; problem?: Problem };

interface Raw<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

/** Thrown where there is no access token because nobody is signed in. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut';
}

export async function ask<T>(call: Promise<Raw<T>>): Promise<Answer<T>> {
  let raw: Raw<T>;
  try {
    raw = await call;
  } catch (error) {
    return error instanceof SignedOut ? { kind: 'signed-out' } : { kind: 'later', wait: 0 };
  }
  const { data, error, response } = raw;
  if (!response) return error instanceof SignedOut ? { kind: 'signed-out' } : { kind: 'later', wait: 0 };
  if (response.ok) return isOurs(data, response) ? { kind: 'ok', data: data as T, response } : { kind: 'later', wait: 0 };
  const problem = problemOf(error) ?? strange(response);
  if (response.status === 401 && problem === error) return { kind: 'signed-out', problem };
  if (problem !== error || response.status === 408 || response.status === 429 || response.status >= 500) {
    return { kind: 'later', wait: 1000 * Number(response.headers.get('Retry-After') ?? 0) || 0, problem };
  }
  return { kind: 'refused', problem };
}

/** Data as Taskwire sends it, and not the page of a proxy or of a network that wants to be paid first. */
function isOurs(data: unknown, { status, headers }: Response): boolean {
  if (status === 204 || headers.get('Content-Length') === '0') return true;
  const type = headers.get('Content-Type') ?? '';
  return data instanceof Blob ? !/^text\/html\b/i.test(type) : /^application\/(?:[^;]+\+)?json\b/i.test(type);
}

export const problemOf = (error: unknown): Problem | undefined =>
  error && typeof error === 'object' && 'code' in error && 'detail' in error ? (error as Problem) : undefined;

/** What is not a problem document comes from a proxy or from no server at all, and settles nothing. */
const strange = ({ status, statusText }: Response): Problem =>
  ({ type: 'about:blank', title: statusText, status, detail: statusText || t.error.answered(status), code: 'SERVER_ERROR' });

/** For what a person waits for: the data, or an error that a form can show. */
export async function must<T>(call: Promise<Raw<T>>): Promise<T> {
  const answer = await ask(call);
  if (answer.kind === 'ok') return answer.data;
  throw errorOf(answer.problem);
}

/** The server's texts are parts of sentences, for programs to put together. */
const sentence = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');

export const errorOf = (problem: Problem | undefined): ActionError =>
  problem
    ? new ActionError(
        sentence(problem.detail), problem.status, problem.code,
        problem.errors?.map((error) => ({ ...error, message: sentence(error.message) })),
      )
    : new ActionError(t.error.noServer, 0, 'OFFLINE');
