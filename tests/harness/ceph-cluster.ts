import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const START_MS_MAX = 60_000;

/** How to reach a Ceph cluster of this machine. Plain data: it may cross a process. */
export interface CephAccess {
  /** Of a RADOS gateway: `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Where its `ceph.conf` is. */
  readonly folder: string;
}

export interface CephCluster extends CephAccess {
  /** Ends every process of it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * A real Ceph: monitor, one OSD in memory and a RADOS gateway, with cephx, on loopback and free
 * ports, in a temporary folder. Debian: `ceph-common ceph-mon ceph-osd radosgw`. Takes about two
 * seconds. Its processes end with the thread that called this, however that ends.
 */
export async function startCeph(): Promise<CephCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-ceph-'));
  const daemons: CephDaemon[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.kill()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const monitor = `v2:127.0.0.1:${await freePort()}`;
    const fsid = randomUUID();
    await writeFile(join(folder, 'ceph.conf'), configuration(folder, fsid, monitor));
    await makeKeys(folder);
    await makeMonitor(folder, fsid, monitor);
    daemons.push(new CephDaemon('ceph-mon', ['-i', 'a'], folder));

    const disk = randomUUID();
    await ceph(folder, 'ceph', 'osd', 'new', disk, '0');
    await ceph(folder, 'ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
    daemons.push(new CephDaemon('ceph-osd', ['-i', '0'], folder));

    const accessKey = randomBytes(10).toString('hex');
    const secretKey = randomBytes(20).toString('hex');
    const user = [
      '--uid=sekisho',
      '--display-name=sekisho',
      `--access-key=${accessKey}`,
      `--secret=${secretKey}`,
    ];
    await ceph(folder, 'radosgw-admin', '-n', 'client.rgw', 'user', 'create', ...user);
    const port = await freePort();
    daemons.push(gatewayDaemon(folder, port));
    const endpoint = `http://127.0.0.1:${port}`;
    await untilAnswering(endpoint, daemons);
    return { endpoint, region: 'us-east-1', accessKey, secretKey, folder, stop };
  } catch (error) {
    const said = daemons.map((daemon) => daemon.said()).join('');
    await stop();
    throw new Error(`Ceph did not start. Debian packages: ceph-common ceph-mon ceph-osd radosgw. ${said}`, {
      cause: error,
    });
  }
}

/** One more gateway of a cluster, for a test that kills it: what is stored is with the OSD, not with it. */
export class SpareGateway {
  readonly endpoint: string;
  readonly #folder: string;
  readonly #port: number;
  #daemon: CephDaemon | undefined;

  private constructor(folder: string, port: number) {
    this.endpoint = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#port = port;
  }

  static async start(cluster: CephAccess): Promise<SpareGateway> {
    const gateway = new SpareGateway(cluster.folder, await freePort());
    await gateway.start();
    return gateway;
  }

  /** Also after a kill, on the same port. */
  async start(): Promise<void> {
    this.#daemon = gatewayDaemon(this.#folder, this.#port);
    await untilAnswering(this.endpoint, [this.#daemon]);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#daemon?.kill();
  }
}

/**
 * One request with the old signature (version 2), which owes nothing to the code under test.
 * `path` is `/bucket` or `/bucket/key`.
 */
export async function askCeph(cluster: CephAccess, method: string, path: string): Promise<Response> {
  const date = new Date().toUTCString();
  const signature = createHmac('sha1', cluster.secretKey)
    .update(`${method}\n\n\n${date}\n${path}`)
    .digest('base64');
  const headers = { date, authorization: `AWS ${cluster.accessKey}:${signature}` };
  return fetch(`${cluster.endpoint}${path}`, { method, headers });
}

/** A URL that whoever has it may use for an hour, signed as {@link askCeph} does. */
export function presignedUrl(cluster: CephAccess, method: string, path: string): string {
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const signature = createHmac('sha1', cluster.secretKey)
    .update(`${method}\n\n\n${expires}\n${path}`)
    .digest('base64');
  const query = { AWSAccessKeyId: cluster.accessKey, Expires: `${expires}`, Signature: signature };
  return `${cluster.endpoint}${path}?${new URLSearchParams(query).toString()}`;
}

/** The name of a new, empty bucket. */
export async function makeBucket(cluster: CephAccess): Promise<string> {
  const bucket = `sekisho-${randomBytes(6).toString('hex')}`;
  const answer = await askCeph(cluster, 'PUT', `/${bucket}`);
  if (!answer.ok) throw new Error(`no bucket: HTTP ${answer.status} ${await answer.text()}`);
  return bucket;
}

/** Gateways tell each other of new buckets, and would wait half a minute for one that was killed: hence the short watch. */
function configuration(folder: string, fsid: string, monitor: string): string {
  return `[global]
fsid = ${fsid}
mon host = [${monitor}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${folder}/$name.keyring
run dir = ${folder}
admin socket =
log file = ${folder}/$name.log
log to stderr = false
mon data = ${folder}/mon
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd client watch timeout = 2
objecter tick interval = 0.5
osd pool default size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 2000
paxos propose interval = 0.05
rgw dns name = localhost
rgw thread pool size = 64
rgw run sync thread = false
`;
}

/** cephx keys of each role. */
async function makeKeys(folder: string): Promise<void> {
  const monitorKeys = join(folder, 'mon.keyring');
  const roles = {
    'mon.': ['mon', 'allow *'],
    'client.admin': ['mon', 'allow *', 'osd', 'allow *'],
    'client.rgw': ['mon', 'allow rwx', 'osd', 'allow rwx'],
    'osd.0': ['mon', 'allow profile osd', 'osd', 'allow *'],
  };
  for (const [name, rights] of Object.entries(roles)) {
    const file = name === 'mon.' ? monitorKeys : join(folder, `${name}.keyring`);
    const caps: string[] = [];
    for (let at = 0; at < rights.length; at += 2) caps.push('--cap', ...rights.slice(at, at + 2));
    await ceph(folder, 'ceph-authtool', '--create-keyring', file, '--gen-key', '-n', name, ...caps);
    if (file !== monitorKeys) await ceph(folder, 'ceph-authtool', monitorKeys, '--import-keyring', file);
  }
  await copyFile(monitorKeys, join(folder, 'mon.a.keyring'));
}

async function makeMonitor(folder: string, fsid: string, monitor: string): Promise<void> {
  await mkdir(join(folder, 'mon'));
  await mkdir(join(folder, 'osd'));
  const map = join(folder, 'monmap');
  await ceph(folder, 'monmaptool', '--create', '--addv', 'a', `[${monitor}]`, '--fsid', fsid, map);
  const keys = join(folder, 'mon.keyring');
  await ceph(folder, 'ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keys);
}

async function ceph(folder: string, program: string, ...args: readonly string[]): Promise<void> {
  await run(program, ['-c', join(folder, 'ceph.conf'), ...args], { timeout: START_MS_MAX, cwd: folder });
}

function gatewayDaemon(folder: string, port: number): CephDaemon {
  // Without it each answer of a kept connection waits 40 ms for a delayed acknowledgement.
  const frontend = `beast endpoint=127.0.0.1:${port} tcp_nodelay=1`;
  return new CephDaemon('radosgw', ['-n', 'client.rgw', '--rgw-frontends', frontend], folder);
}

class CephDaemon {
  readonly #child: ChildProcess;
  #said = '';

  constructor(program: string, args: readonly string[], folder: string) {
    // A process group of its own, and the kernel ends it when who started it is gone.
    const command = ['--pdeathsig', 'KILL', program, '-c', join(folder, 'ceph.conf'), '-f', ...args];
    this.#child = spawn('setpriv', command, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString('utf8')).slice(-4000);
    });
    this.#child.on('error', (error) => (this.#said += error.message));
  }

  get ended(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  said(): string {
    return this.#said;
  }

  async kill(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined || this.ended) return;
    const closed = once(this.#child, 'close');
    process.kill(-pid, 'SIGKILL');
    await closed;
  }
}

async function untilAnswering(endpoint: string, daemons: readonly CephDaemon[]): Promise<void> {
  const giveUp = AbortSignal.timeout(START_MS_MAX);
  for (;;) {
    const status = await fetch(endpoint, { signal: giveUp }).then(
      (answer) => answer.body?.cancel().then(() => answer.status),
      () => 0,
    );
    if (status === 200) return;
    const ended = daemons.find((daemon) => daemon.ended);
    if (ended !== undefined) throw new Error(`a daemon of Ceph ended: ${ended.said()}`);
    giveUp.throwIfAborted();
    await wait(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
