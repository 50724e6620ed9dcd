// Shared by both providers: each listens on its own port and prints it once it is ready. It reads
// commands from standard input, one per line, and prints one line after each command. It ends when
// standard input ends, and therefore with the test.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/**
 * `provide` gets the URL and returns the request handler and the commands: functions by name, whose
 * results are printed.
 */
export async function serve(provide) {
  let handler;
  // While down, the provider does not respond at all.
  let down = false;
  const requests = new EventEmitter();

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://provider');
    requests.emit(pathname.split('/').at(-1));
    if (down) request.socket.destroy();
    else handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const provided = await provide(url);
  handler = provided.handler;

  const commands = {
    down: () => {
      down = true;
      server.closeAllConnections();
    },
    up: () => {
      down = false;
    },
    // Waits until a client has fetched the current keys and uses them, which is certain once it
    // fetches again.
    fetched: async () => {
      await once(requests, 'jwks');
      await once(requests, 'jwks');
    },
    ...provided.commands,
  };
  say({ url });
  for await (const line of createInterface({ input: process.stdin })) {
    say({ done: line, answer: (await commands[line]()) ?? null });
  }
  process.exit();
}
