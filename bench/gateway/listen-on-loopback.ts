/**
 * Preloaded into a peer that would listen on every interface and cannot be told otherwise: it
 * listens on loopback, on a free port, and tells its parent which.
 */
import { Server, type AddressInfo } from 'node:net';

// oxlint-disable-next-line typescript/unbound-method -- it is called with the server as `this` below
const listen = Server.prototype.listen;

Server.prototype.listen = function listenOnLoopback(this: Server, ...args: unknown[]): Server {
  const listening = args.findLast((argument) => typeof argument === 'function') as (() => void) | undefined;
  this.once('listening', () => process.send?.({ port: (this.address() as AddressInfo).port }));
  return listen.call(this, { host: '127.0.0.1', port: 0 }, listening);
};

process.on('disconnect', () => process.exit(0));
