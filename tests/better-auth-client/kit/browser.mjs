// The parts that Better Auth's client leaves to the browser: a cookie jar, and the header with the
// page's origin.

import { createAuthClient } from 'better-auth/client';
import { jwtClient } from 'better-auth/client/plugins';

export class Browser {
  /** The server's cookies, each with its attributes. */
  cookies = new Map();

  /** `origin` is the page's origin; a client that is not a browser has none. */
  constructor(url, origin = url) {
    this.url = url;
    this.origin = origin;
    this.auth = createAuthClient({
      baseURL: url,
      plugins: [jwtClient()],
      fetchOptions: { customFetchImpl: (input, init) => this.fetch(input, init) },
    });
  }

  async fetch(input, init = {}) {
    const headers = new Headers(init.headers);
    if (this.origin) headers.set('origin', this.origin);
    const cookies = [...this.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
    if (cookies) headers.set('cookie', cookies);
    const response = await fetch(input, { ...init, headers });
    for (const text of response.headers.getSetCookie()) this.#keep(text);
    return response;
  }

  #keep(text) {
    const [pair, ...rest] = text.split('; ');
    const at = pair.indexOf('=');
    const attributes = new Map(rest.map((attribute) => attribute.split('=')).map(([name, value]) => [name, value ?? true]));
    const name = pair.slice(0, at);
    if (attributes.get('Max-Age') === '0') this.cookies.delete(name);
    else this.cookies.set(name, { value: pair.slice(at + 1), attributes });
  }

  /** A call to the API, with an access token and without any cookie. */
  api(token, path, init = {}) {
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    return fetch(`${this.url}/api/${path}`, { ...init, headers });
  }
}

/** The result of an operation of the client, which must have succeeded. */
export async function good(answer) {
  const { data, error } = await answer;
  if (error) throw new Error(`refused: ${JSON.stringify(error)}`);
  return data;
}

/** The error of an operation of the client, which must have failed. */
export async function refused(answer) {
  const { data, error } = await answer;
  if (!error) throw new Error(`not refused: ${JSON.stringify(data)}`);
  return error;
}
