// A person with an account of this server's own: signed in by a session's cookie, as outside of tests.

import { randomUUID } from 'node:crypto';

import { inject } from 'vitest';

import { Person } from './person.ts';

const THIS_BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36';
export const PASSWORD = 'a horse that types';

export class Member extends Person {
  private constructor(
    id: string,
    name: string,
    readonly email: string,
    /** The session's cookie, without its attributes. */
    readonly cookie: { name: string; value: string },
  ) {
    super(name);
    this.id = id;
  }

  static async join(name = 'Ada Lovelace'): Promise<Member> {
    const email = `${name.split(' ')[0]!.toLowerCase()}+${randomUUID().slice(-12)}@example.com`;
    const response = await fetch(`${inject('url')}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': THIS_BROWSER },
      body: JSON.stringify({ name, email, password: PASSWORD }),
    });
    if (!response.ok) throw new Error(`signing up: ${response.status} ${await response.text()}`);
    const { user } = (await response.json()) as { user: { id: string } };
    return new Member(user.id, name, email, cookieOf(response));
  }

  /** Signs in once more, as on another device of this browser's name. */
  async signIn(userAgent: string): Promise<void> {
    const response = await fetch(`${inject('url')}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': userAgent },
      body: JSON.stringify({ email: this.email, password: PASSWORD }),
    });
    if (!response.ok) throw new Error(`signing in: ${response.status} ${await response.text()}`);
  }
}

function cookieOf(response: Response): { name: string; value: string } {
  const [pair = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  const at = pair.indexOf('=');
  return { name: pair.slice(0, at), value: pair.slice(at + 1) };
}
