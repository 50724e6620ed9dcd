// oidc-provider, as a company would run it for many services: authorization code with PKCE for a public
// client, and access tokens that are JWTs for the service that is asked for as a resource, signed with
// RS256 or ES256. Its own development pages ask who it is.

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

import { serve } from './serve.mjs';

// It warns of what is meant here: its own pages, and a Node that may not be the newest.
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

/** Resources are named after the algorithm of their tokens, as `urn:taskwire:RS256`. */
const resource = (alg) => ({
  scope: 'tasks',
  audience: 'taskwire',
  accessTokenFormat: 'jwt',
  accessTokenTTL: 900,
  jwt: { sign: { alg } },
});

/** What a provider knows besides its keys: in real life a database, which outlives it. */
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
  // The first of a kind signs, all are published.
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
      // The client is a page in a browser, which fetches its tokens itself.
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

  // Its keys are those that it was started with.
  const restart = (next) => {
    keys = next;
    start();
  };
  let next;
  const old = () => keys.filter((key) => !next.includes(key));
  return {
    handler: (request, response) => answer(request, response),
    commands: {
      // A rotation by the book: new keys are published, then sign, and then the old ones go.
      publish: async () => {
        next = await newKeys();
        restart([...keys, ...next]);
      },
      sign: () => restart([...next, ...old()]),
      drop: () => restart(next),
      // And in one step, after a leak.
      replace: async () => restart(await newKeys()),
    },
  };
});
