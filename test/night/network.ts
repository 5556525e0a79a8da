import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Line {
  /** Base URL at which the loop reaches the server. */
  url: string;
  /** Resets every open connection. */
  cut(): void;
  close(): void;
}

/**
 * A relay between the loop and a server on loopback, whose connections can be reset while neither side does
 * anything.
 */
export async function lineTo(url: string): Promise<Line> {
  const port = Number(new URL(url).port);
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    near.on('end', () => far.destroy()).on('close', () => far.destroy());
    // Data that was sent before a reset still arrives.
    far.on('error', () => near.write('', () => near.resetAndDestroy()));
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    cut,
    close: () => {
      relay.close();
      cut();
    },
  };
}
