// Better Auth with its JWT plugin, as a front end's server would run it: people sign up and in with
// e-mail and password and get an EdDSA token for other services. All data is in memory.

import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';

import { serve } from './serve.mjs';

const LONG_AGO = new Date(0);

await serve((url) => {
  const database = { user: [], session: [], account: [], verification: [], jwks: [] };
  const auth = betterAuth({
    baseURL: url,
    secret: 'a secret of the tests, 32 bytes or more',
    database: memoryAdapter(database),
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: { level: 'error' },
    plugins: [
      jwt({
        jwks: { rotationInterval: 24 * 3600, gracePeriod: 3600 },
        jwt: { audience: 'taskwire', expirationTime: '15m' },
      }),
    ],
  });
  return {
    handler: toNodeHandler(auth),
    commands: {
      // All keys expire: the plugin makes a new key when it next signs, and publishes the old ones
      // for the grace period.
      rotate: () => {
        for (const key of database.jwks) key.expiresAt = new Date();
      },
      // The grace period of replaced keys ends too.
      drop: () => {
        for (const key of database.jwks) if (key.expiresAt <= new Date()) key.expiresAt = LONG_AGO;
      },
    },
  };
});
