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
  if (response.ok) return { kind: 'ok', data: data as T, response };
  const problem = problemOf(error, response);
  if (response.status === 401) return { kind: 'signed-out', problem };
  if (response.status === 408 || response.status === 429 || response.status >= 500) {
    return { kind: 'later', wait: 1000 * Number(response.headers.get('Retry-After') ?? 0) || 0, problem };
  }
  return { kind: 'refused', problem };
}

/** What is not a problem document comes from a proxy or from no server at all. */
function problemOf(error: unknown, response: Response): Problem {
  if (error && typeof error === 'object' && 'code' in error && 'detail' in error) return error as Problem;
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: response.statusText || t.error.answered(response.status),
    code: 'SERVER_ERROR',
  };
}

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
