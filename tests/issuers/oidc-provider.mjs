// oidc-provider, as a company would run it for many services: authorization code with PKCE for a
// public client, and JWT access tokens for the requested resource, signed with RS256 or ES256. Its
// development pages ask for the login.

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

import { serve } from './serve.mjs';

// It would warn about intended settings: its development pages and possibly an older Node.
console.warn = () => {};
const { Provider } = await import('oidc-provider');

const make = promisify(generateKeyPair);
const KINDS = {
  RS256: () => make('rsa', { modulusLength: 2048 }),
  ES256: () => make('ec', { namedCurve: 'P-256' }),
};

let made = 0;
const newKey = async ([alg, make]) => {
  const kid = `${alg}-${(made += 1)}`;
  const { privateKey } = await make();
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid };
};
const newKeys = () => Promise.all(Object.entries(KINDS).map(newKey));

/** Resources are named after the algorithm of their tokens, such as `urn:taskwire:RS256`. */
const resource = (alg) => ({
  scope: 'tasks',
  audience: 'taskwire',
  accessTokenFormat: 'jwt',
  accessTokenTTL: 900,
  jwt: { sign: { alg } },
});

/** The provider's data besides its keys; a real provider would keep it in a database. */
const rows = new Map();
class Rows {
  constructor(model) {
    this.key = (id) => `${model}:${id}`;
  }
  async upsert(id, row) {
    rows.set(this.key(id), row);
  }
  async find(id) {
    return rows.get(this.key(id));
  }
  async findByUid(uid) {
    return [...rows.values()].find((row) => row.kind === 'Session' && row.uid === uid);
  }
  async destroy(id) {
    rows.delete(this.key(id));
  }
  async consume(id) {
    rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async revokeByGrantId(grantId) {
    for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key);
  }
}

await serve(async (url) => {
  // The first key of each type signs; all are published.
  let keys = await newKeys();
  let answer;
  const start = () => {
    const provider = new Provider(url, {
      adapter: Rows,
      jwks: { keys },
      cookies: { keys: ['a secret of the tests'] },
      clients: [
        {
          client_id: 'front-end',
          application_type: 'native',
          token_endpoint_auth_method: 'none',
          redirect_uris: ['http://127.0.0.1/callback'],
        },
      ],
      // The client is a page in a browser, which requests its tokens itself.
      clientBasedCORS: () => true,
      pkce: { required: () => true },
      features: {
        devInteractions: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:taskwire:RS256',
          useGrantedResource: () => true,
          getResourceServerInfo: (_, name) => resource(name.split(':').at(-1)),
        },
      },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    });
    answer = provider.callback();
  };
  start();

  // A provider keeps the keys that it was started with.
  const restart = (next) => {
    keys = next;
    start();
  };
  let next;
  const old = () => keys.filter((key) => !next.includes(key));
  return {
    handler: (request, response) => answer(request, response),
    commands: {
      // A regular rotation: new keys are published, then they sign, and then the old keys are
      // removed.
      publish: async () => {
        next = await newKeys();
        restart([...keys, ...next]);
      },
      sign: () => restart([...next, ...old()]),
      drop: () => restart(next),
      // A rotation in one step, as after a leak.
      replace: async () => restart(await newKeys()),
    },
  };
});
