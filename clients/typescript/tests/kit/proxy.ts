// A proxy to the server that can cut connections, reject them or fall silent.

import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export class Proxy {
  /** The target of new connections; without one they are rejected. */
  to: number | undefined;
  /** The number of connections so far. */
  count = 0;
  private readonly pairs = new Set<[Socket, Socket]>();
  private readonly server = createServer((client) => {
    if (this.to === undefined) return client.resetAndDestroy();
    this.count++;
    const pair: [Socket, Socket] = [client, connect(this.to, '127.0.0.1')];
    this.pairs.add(pair);
    for (const [from, to] of [pair, [pair[1], pair[0]] as const]) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
      });
    }
  });

  static async start(to: number): Promise<Proxy> {
    const proxy = new Proxy();
    proxy.to = to;
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends all existing connections, as a lost network does. */
  cut(): void {
    for (const [client] of this.pairs) client.resetAndDestroy();
  }

  /** Drops all data on the existing connections without closing them. */
  silence(): void {
    for (const [client, server] of this.pairs) {
      client.unpipe(server);
      server.unpipe(client);
    }
  }

  stop(): void {
    this.cut();
    this.server.close();
  }
}
