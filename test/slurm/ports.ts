import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const LOWEST = 10_000;

/**
 * Ports that nothing listens on now, all below those that the kernel gives to connections: such a port could
 * be taken while its daemon is away.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 1000) throw new Error(`no ${count} free ports from ${LOWEST} to ${firstOfConnections()}`);
    const port = randomInt(LOWEST, firstOfConnections());
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function firstOfConnections(): number {
  try {
    const [first = ''] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/);
    return Math.max(LOWEST + 1000, Number(first));
  } catch {
    return 32_768;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
