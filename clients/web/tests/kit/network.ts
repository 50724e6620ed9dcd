// A server of a test's own, on the database of all, behind a network that can be taken away.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

import { inject, onTestFinished } from 'vitest';

import { Server, type Settings } from '../../../typescript/tests/kit/program.ts';
import { Proxy } from '../../../typescript/tests/kit/proxy.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export class Network {
  private server!: Server;

  private constructor(
    private readonly proxy: Proxy,
    private readonly port: number,
    private readonly settings: Settings,
  ) {}

  static async start(settings: Settings = { JWT_SECRET: inject('secret') }): Promise<Network> {
    const port = await freePort();
    const network = new Network(await Proxy.start(port), port, settings);
    await network.startServer();
    onTestFinished(async () => {
      network.proxy.stop();
      await network.server.stop();
    });
    return network;
  }

  get url(): string {
    return this.proxy.url;
  }

  /** No new connections, and the old ones are gone. */
  lose(): void {
    this.proxy.to = undefined;
    this.proxy.cut();
  }

  restore(): void {
    this.proxy.to = this.port;
  }

  /** As the power going off. */
  killServer(): Promise<void> {
    return this.server.stop('SIGKILL');
  }

  async startServer(): Promise<void> {
    // To browsers, the server is where the way to it begins.
    this.server = await Server.start({ DATABASE_URL: inject('databaseUrl'), PORT: String(this.port), PUBLIC_URL: this.url, ...this.settings });
  }
}
