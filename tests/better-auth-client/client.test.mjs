// Better Auth's client against Taskwire: a front end that uses this client needs no other server.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { Browser, good, refused } from './kit/browser.mjs';
import { startServer } from './kit/server.mjs';

const PASSWORD = 'correct horse battery';
const COOKIE = 'taskwire_session';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

const somebody = () => ({ name: 'Ada Lovelace', email: `ada-${randomUUID()}@example.com`, password: PASSWORD });

async function signedUp() {
  const ada = somebody();
  const browser = new Browser(server.url);
  const { user } = await good(browser.auth.signUp.email(ada));
  return { ...ada, browser, id: user.id };
}

async function signedInElsewhere({ email, password }, more = {}) {
  const browser = new Browser(server.url);
  await good(browser.auth.signIn.email({ email, password, ...more }));
  return browser;
}

test('signs up, reads its session, uses a token, signs out', async () => {
  const ada = somebody();
  const browser = new Browser(server.url);
  assert.equal(await good(browser.auth.getSession()), null);

  const { user } = await good(browser.auth.signUp.email({ ...ada, email: ada.email.toUpperCase() }));
  assert.deepEqual([user.name, user.email, user.image, user.emailVerified], [ada.name, ada.email, null, false]);
  assert.ok(user.createdAt instanceof Date && user.updatedAt instanceof Date);
  assert.match(user.id, /^[0-9a-f-]{36}$/);
  const { attributes } = browser.cookies.get(COOKIE);
  assert.deepEqual([attributes.get('HttpOnly'), attributes.get('SameSite'), attributes.get('Path')], [true, 'Lax', '/']);

  const current = await good(browser.auth.getSession());
  assert.deepEqual(current.user, user);
  assert.equal(current.session.userId, user.id);
  assert.ok(current.session.expiresAt > new Date());
  // The page can read the session's id, but not its token.
  assert.ok(!JSON.stringify(current).includes(browser.cookies.get(COOKIE).value));

  const { token } = await good(browser.auth.token());
  const created = await browser.api(token, `${user.id}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Buy milk' }),
  });
  assert.equal(created.status, 201);
  const { tasks } = await (await browser.api(token, `${user.id}/tasks`)).json();
  assert.deepEqual(tasks.map((task) => task.title), ['Buy milk']);

  const before = new Map(browser.cookies);
  assert.deepEqual(await good(browser.auth.signOut()), { success: true });
  assert.equal(browser.cookies.size, 0);
  assert.equal(await good(browser.auth.getSession()), null);
  assert.equal((await refused(browser.auth.token())).status, 401);
  assert.equal((await browser.api(token, `${user.id}/tasks`)).status, 401);
  browser.cookies = before;
  assert.equal(await good(browser.auth.getSession()), null);
});

test('signs in only with the right password', async () => {
  const ada = await signedUp();
  const browser = new Browser(server.url);
  const wrong = await refused(browser.auth.signIn.email({ email: ada.email, password: 'wrong horse battery' }));
  const nobody = await refused(browser.auth.signIn.email({ email: somebody().email, password: PASSWORD }));
  assert.deepEqual([wrong.status, wrong.code], [401, 'UNAUTHORIZED']);
  assert.deepEqual(nobody, wrong);
  assert.equal(browser.cookies.size, 0);

  const answer = await good(browser.auth.signIn.email({ email: ada.email, password: PASSWORD }));
  assert.deepEqual([answer.redirect, answer.user.id], [false, ada.id]);
  assert.ok(browser.cookies.get(COOKIE).attributes.has('Max-Age'));

  const shared = await signedInElsewhere(ada, { rememberMe: false });
  assert.ok(!shared.cookies.get(COOKIE).attributes.has('Max-Age'));
  assert.equal((await good(shared.auth.getSession())).user.id, ada.id);
});

test('an e-mail has one account', async () => {
  const { name, email, password } = await signedUp();
  const again = await refused(new Browser(server.url).auth.signUp.email({ name, email, password }));
  assert.deepEqual([again.status, again.code], [409, 'CONFLICT']);
});

test('accepts fields that the client sends and the server does not use', async () => {
  const { auth } = new Browser(server.url);
  const ada = somebody();
  const more = { callbackURL: '/welcome' };
  await good(auth.signUp.email({ ...ada, ...more, image: 'https://example.com/ada.png', rememberMe: true }));
  await good(auth.signIn.email({ email: ada.email, password: PASSWORD, ...more, rememberMe: true }));
  assert.ok(await good(auth.getSession({ query: { disableCookieCache: true } })));
  await good(auth.signOut({}));
  const unknown = await refused(auth.signIn.email({ email: ada.email, password: PASSWORD, colour: 'blue' }));
  assert.deepEqual([unknown.status, unknown.errors[0].field], [400, 'colour']);
});

test('lists sessions and ends them one by one, and all others', async () => {
  const ada = await signedUp();
  const [phone, laptop] = [await signedInElsewhere(ada), await signedInElsewhere(ada)];
  const { session } = await good(phone.auth.getSession());
  const { token } = await good(phone.auth.token());
  const listed = await good(ada.browser.auth.listSessions());
  assert.equal(listed.length, 3);
  assert.ok(listed.some((one) => one.token === session.token && one.userId === ada.id));

  assert.deepEqual(await good(ada.browser.auth.revokeSession({ token: session.token })), { status: true });
  assert.equal(await good(phone.auth.getSession()), null);
  assert.equal((await phone.api(token, `${ada.id}/tasks`)).status, 401);
  assert.ok(await good(laptop.auth.getSession()));

  await good(ada.browser.auth.revokeOtherSessions());
  assert.equal(await good(laptop.auth.getSession()), null);
  assert.equal((await good(ada.browser.auth.listSessions())).length, 1);

  await good(ada.browser.auth.revokeSessions());
  assert.equal(await good(ada.browser.auth.getSession()), null);
});

test('changes the password, which ends the other sessions', async () => {
  const ada = await signedUp();
  const phone = await signedInElsewhere(ada);
  const change = { currentPassword: PASSWORD, newPassword: 'staple battery horse', revokeOtherSessions: true };
  const wrong = await refused(ada.browser.auth.changePassword({ ...change, currentPassword: 'wrong horse battery' }));
  assert.equal(wrong.status, 400);
  const { user } = await good(ada.browser.auth.changePassword(change));
  assert.equal(user.id, ada.id);
  assert.equal(await good(phone.auth.getSession()), null);
  assert.ok(await good(ada.browser.auth.getSession()));
  const fresh = new Browser(server.url);
  assert.equal((await refused(fresh.auth.signIn.email({ email: ada.email, password: PASSWORD }))).status, 401);
  await good(fresh.auth.signIn.email({ email: ada.email, password: change.newPassword }));
});

test('deletes the user with all data', async () => {
  const ada = await signedUp();
  const { token } = await good(ada.browser.auth.token());
  assert.equal((await ada.browser.api(token, `${ada.id}/tasks`)).status, 200);
  assert.equal((await good(ada.browser.auth.deleteUser({ password: PASSWORD }))).success, true);
  assert.equal(await good(ada.browser.auth.getSession()), null);
  assert.equal((await ada.browser.api(token, `${ada.id}/tasks`)).status, 401);
  const { email } = ada;
  assert.equal((await refused(ada.browser.auth.signIn.email({ email, password: PASSWORD }))).status, 401);
});

test('its tokens can be verified with the public keys', async () => {
  const { browser, id } = await signedUp();
  const { token } = await good(browser.auth.token());
  const keys = createRemoteJWKSet(new URL(`${server.url}/api/auth/jwks`));
  const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer: 'taskwire', audience: 'taskwire' });
  assert.deepEqual([payload.sub, protectedHeader.alg], [id, 'EdDSA']);
  assert.ok(payload.exp - payload.iat <= 600);
  const { session } = await good(browser.auth.getSession());
  assert.equal(payload.sid, session.id);
  const listed = await good(browser.auth.jwks());
  assert.ok(listed.keys.some(({ kid, kty, crv }) => kid === protectedHeader.kid && kty === 'OKP' && crv === 'Ed25519'));
  assert.ok(listed.keys.every((key) => !('d' in key)));
});

test('a page of another site cannot use the cookie', async () => {
  const { browser, email } = await signedUp();
  for (const origin of ['http://evil.example', 'null', undefined]) {
    browser.origin = origin;
    assert.equal((await refused(browser.auth.signOut())).status, 403);
    assert.equal((await refused(browser.auth.signIn.email({ email, password: PASSWORD }))).status, 403);
  }
  browser.origin = server.url;
  assert.ok(await good(browser.auth.getSession()));
});
