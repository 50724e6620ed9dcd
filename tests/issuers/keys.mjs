// Key pairs for issuers that the tests simulate, one of each type. Each run makes new pairs, so
// that the repository contains no private key.

import { generateKeyPairSync } from 'node:crypto';

const made = (pair, pkcs1 = false) => ({
  private: pair.privateKey.export({ format: 'der', type: pkcs1 ? 'pkcs1' : 'pkcs8' }).toString('base64'),
  pem: pair.publicKey.export({ format: 'pem', type: 'spki' }),
  privatePem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  jwk: pair.publicKey.export({ format: 'jwk' }),
});

process.stdout.write(
  JSON.stringify({
    rsa: made(generateKeyPairSync('rsa', { modulusLength: 2048 }), true),
    smallRsa: made(generateKeyPairSync('rsa', { modulusLength: 1024 }), true),
    p256: made(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    otherP256: made(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    p384: made(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: made(generateKeyPairSync('ed25519')),
  }),
);
