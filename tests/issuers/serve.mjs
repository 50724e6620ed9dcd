// What both providers share: a port of their own, said in one line once it answers, and commands by
// lines on the standard input, each of which is answered by a line once it has been carried out. A
// provider ends with the input, and so with the test that holds the other end.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/**
 * `provide` gets the URL, and gives the handler of requests, and what can be commanded: functions by
 * name, whose results are the answers.
 */
export async function serve(provide) {
  let handler;
  // Out of order: whoever asks gets no answer at all.
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
    // Until the keys that are published now have been fetched and taken over, which is certain when
    // whoever fetches them comes back.
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
