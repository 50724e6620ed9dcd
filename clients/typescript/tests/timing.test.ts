// The timing of the channel, with a simulated server and a simulated clock.

import { type LiveOptions, connectLive } from '@taskwire/client/live';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** Sockets whose other side is the test itself. */
class FakeSocket extends EventTarget {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  readyState = 0;
  readonly sent: { type: string; token?: string; after?: string }[] = [];

  constructor(
    readonly url: string,
    readonly protocols?: string | string[],
  ) {
    super();
    FakeSocket.all.push(this);
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  hear(message: unknown) {
    this.dispatchEvent(new MessageEvent('message', { data: typeof message === 'string' ? message : JSON.stringify(message) }));
  }

  end(code: number, reason = '') {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }

  send(data: string) {
    this.sent.push(JSON.parse(data));
  }

  close() {
    this.readyState = 3;
  }
}

const HOUR = 3_600_000;
const inAnHour = () => new Date(Date.now() + HOUR).toISOString();
const hello = (more: object = {}) => ({ type: 'hello', seq: 0, position: 'p0', resumed: false, expires_at: inAnHour(), ...more });
const change = (seq: number) => ({ type: 'task.deleted', seq, position: `p${seq}`, at: 'then', task_id: `t${seq}` });

function connect(options: Partial<LiveOptions> = {}) {
  let tokens = 0;
  const heard = { changes: [] as number[], states: [] as string[], errors: [] as unknown[] };
  const live = connectLive({
    baseUrl: 'https://tasks.example/base/',
    userId: 'a/b c',
    getToken: ({ fresh }) => `${fresh ? 'fresh' : 'cached'} ${++tokens}`,
    onChange: (change) => heard.changes.push(change.seq),
    onReset: () => undefined,
    onState: (state) => heard.states.push(state),
    onError: (error) => heard.errors.push(error),
    WebSocket: FakeSocket,
    ...options,
  });
  return { live, ...heard };
}

/** Advances the clock and runs everything that is due. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Runs only what needs no waiting. */
const settle = () => pass(10);

/** Opens a channel and waits until it is live. */
async function connected(options: Partial<LiveOptions> = {}) {
  const channel = connect(options);
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.hear(hello());
  await settle();
  expect(channel.live.state).toBe('live');
  return channel;
}

/** The time until the next socket opens. */
async function untilNextSocket(longest: number): Promise<number> {
  const [before, from] = [FakeSocket.all.length, Date.now()];
  while (FakeSocket.all.length === before && Date.now() - from <= longest) await pass(100);
  return Date.now() - from;
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('it authenticates first and sends its position', async () => {
  connect({ position: 'p7' });
  await settle();
  const socket = FakeSocket.last;
  expect(socket.url).toBe('wss://tasks.example/base/api/a%2Fb%20c/live');
  expect(socket.protocols).toBe('taskwire.v1');
  socket.open();
  expect(socket.sent).toEqual([{ type: 'authenticate', token: 'cached 1', after: 'p7' }]);
});

test('silence causes a ping after one interval and a close after two', async () => {
  await connected();
  const socket = FakeSocket.last;
  await pass(24_900);
  socket.hear({ type: 'heartbeat', seq: 0 });
  await pass(24_900);
  expect(socket.sent).toHaveLength(1);
  await pass(200);
  expect(socket.sent.at(-1)).toEqual({ type: 'ping' });
  await pass(24_800);
  expect(FakeSocket.all).toHaveLength(1);
  await pass(200);
  expect(FakeSocket.all).toHaveLength(2);
});

test('a token is renewed in time, even without a message from the server', async () => {
  await connected({ heartbeatInterval: 2 * HOUR });
  await pass(HOUR - 91_000);
  expect(FakeSocket.last.sent).toHaveLength(1);
  await pass(2_000);
  expect(FakeSocket.last.sent.at(-1)).toEqual({ type: 'authenticate', token: 'fresh 2' });
});

test('a token is renewed when the server asks for it, whatever the local clock shows', async () => {
  await connected();
  FakeSocket.last.hear({ type: 'token_expiring', expires_at: '2000-01-01T00:00:00Z' });
  await settle();
  expect(FakeSocket.last.sent.at(-1)).toEqual({ type: 'authenticate', token: 'fresh 2' });
  // One renewal is enough, even if the next token expires soon too.
  FakeSocket.last.hear({ type: 'token_expiring', expires_at: new Date(Date.now() + 30_000).toISOString() });
  await pass(14_900);
  expect(FakeSocket.last.sent).toHaveLength(2);
  await pass(200);
  expect(FakeSocket.last.sent.at(-1)).toEqual({ type: 'authenticate', token: 'fresh 3' });
});

test.each([
  [1012, 'after up to five seconds', 0, 5_000],
  [1013, 'soon', 0, 1_000],
  [1006, 'soon', 0, 1_000],
  [4408, 'soon', 0, 1_000],
  [4429, 'after half a minute to a minute', 30_000, 60_000],
  [4401, 'at once', 0, 0],
])('after %i it connects again %s', async (code, _, least, most) => {
  for (const chance of [0, 0.999]) {
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    const { live } = await connected();
    await pass(6_000); // Long enough for what was before not to count.
    FakeSocket.last.end(code);
    expect(live.state).toBe('connecting');
    const waited = await untilNextSocket(120_000);
    expect(waited).toBeGreaterThanOrEqual(chance ? most * 0.9 : least);
    expect(waited).toBeLessThanOrEqual((chance ? most : least) + 200);
    live.close();
  }
});

test.each([4400, 4403, 1009])('after %i it does not connect again', async (code) => {
  const { live, errors } = await connected();
  FakeSocket.last.end(code, 'because');
  live.retry();
  expect(await untilNextSocket(HOUR)).toBeGreaterThan(HOUR);
  expect(live.state).toBe(code === 4403 ? 'signed-out' : 'offline');
  expect(errors).toEqual([expect.objectContaining({ name: 'LiveError', code, message: 'because' })]);
});

test('failed attempts become less frequent, but never stop', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  const { live, states } = connect();
  await settle();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    FakeSocket.last.end(1006);
    waits.push(Math.round((await untilNextSocket(HOUR)) / 1000));
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30]);
  expect(states).toEqual(['offline']);
  FakeSocket.last.end(1006);
  await pass(100);
  live.retry();
  expect(await untilNextSocket(HOUR)).toBeLessThanOrEqual(100);
});

test('repeated changes are delivered once, and unknown messages are ignored', async () => {
  const { live, changes, errors } = await connected();
  const socket = FakeSocket.last;
  for (const message of [
    change(1),
    change(1),
    change(2),
    { type: 'comment.created', seq: 3, position: 'p3', at: 'then', comment: {} },
    change(2),
    { type: 'weather', outlook: 'fine' },
    'not JSON',
    change(4),
  ]) {
    socket.hear(message);
  }
  await settle();
  expect(changes).toEqual([1, 2, 4]);
  expect(live.position).toBe('p4');
  expect(errors).toEqual([expect.any(SyntaxError)]);

  socket.hear({ type: 'comment.created', seq: 5, position: 'p5', at: 'then', comment: {} });
  await settle();
  expect(live.position).toBe('p5');
});

test('after a reset, numbers start again', async () => {
  const { changes } = await connected();
  FakeSocket.last.hear(change(9));
  FakeSocket.last.hear({ type: 'reset', reason: 'history_changed', seq: 2, position: 'q2' });
  FakeSocket.last.hear(change(3));
  await settle();
  expect(changes).toEqual([9, 3]);
});

test('a change delivered while the socket ends counts, and queued ones come again', async () => {
  let go = () => {};
  const delivered: number[] = [];
  await connected({
    onChange: async ({ seq }) => {
      await new Promise<void>((resolve) => (go = resolve));
      delivered.push(seq);
    },
  });
  FakeSocket.last.hear(change(1));
  FakeSocket.last.hear(change(2));
  await settle();
  FakeSocket.last.end(1006);
  // The next socket waits for the current delivery.
  expect(await untilNextSocket(10_000)).toBeGreaterThan(10_000);
  go();
  await settle();
  FakeSocket.last.open();
  expect(FakeSocket.last.sent).toEqual([expect.objectContaining({ after: 'p1' })]);
  expect(delivered).toEqual([1]);
});

test('the channel reconnects when the network or the page is back', async () => {
  const [page, document] = [new EventTarget(), Object.assign(new EventTarget(), { visibilityState: 'hidden' })];
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('document', document);
  const { live } = await connected();
  const socket = FakeSocket.last;
  document.dispatchEvent(new Event('visibilitychange'));
  expect(socket.sent).toHaveLength(1);
  document.visibilityState = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  expect(socket.sent.at(-1)).toEqual({ type: 'ping' });
  await pass(5_010);
  expect(FakeSocket.all).toHaveLength(2);

  for (let attempt = 0; attempt < 6; attempt++) {
    FakeSocket.last.end(1006);
    await untilNextSocket(HOUR);
  }
  FakeSocket.last.end(1006);
  await settle();
  page.dispatchEvent(new Event('online'));
  expect(await untilNextSocket(HOUR)).toBeLessThanOrEqual(100);

  live.close();
  const count = FakeSocket.all.length;
  page.dispatchEvent(new Event('online'));
  expect(await untilNextSocket(HOUR)).toBeGreaterThan(HOUR);
  expect(FakeSocket.all).toHaveLength(count);
});

test('a missing WebSocket is reported', () => {
  vi.stubGlobal('WebSocket', undefined);
  expect(() => connect({ WebSocket: undefined })).toThrow('There is no WebSocket here');
});
