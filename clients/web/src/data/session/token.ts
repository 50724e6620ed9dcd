// The access token that API calls and the channel carry: fetched with the session's cookie, or
// pasted by hand, and kept in memory until shortly before it expires.

import { SignedOut } from '../http.ts';

/** How long before its end a token is not offered any more. */
const MARGIN = 30_000;

export interface Claims {
  sub: string;
  exp: number;
}

/** What a token says of itself; null if it is none. The server checks it, this only reads. */
export function claimsOf(token: string): Claims | null {
  try {
    const body = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Claims>;
    return typeof claims.sub === 'string' && typeof claims.exp === 'number' ? { sub: claims.sub, exp: claims.exp } : null;
  } catch {
    return null;
  }
}

export class AccessToken {
  private token: string | undefined;
  private usableUntil = 0;
  private pending: Promise<string | null> | undefined;

  /** `source` answers a token, or null when nobody is signed in; it rejects without a network. */
  constructor(private readonly source: () => Promise<string | null>) {}

  /** The token, or null when nobody is signed in. Rejects when the server cannot be reached. */
  async get({ fresh }: { fresh: boolean }): Promise<string | null> {
    if (!fresh && this.token && Date.now() < this.usableUntil) return this.token;
    this.pending ??= this.fetch().finally(() => (this.pending = undefined));
    return this.pending;
  }

  /** For requests, which have nothing to do without one. */
  async must(): Promise<string> {
    const token = await this.get({ fresh: false });
    if (!token) throw new SignedOut('Nobody is signed in.');
    return token;
  }

  private async fetch(): Promise<string | null> {
    const token = await this.source();
    this.token = token ?? undefined;
    const claims = token ? claimsOf(token) : null;
    this.usableUntil = claims ? Math.max(claims.exp * 1000 - MARGIN, Date.now() + 1_000) : 0;
    return token;
  }
}
