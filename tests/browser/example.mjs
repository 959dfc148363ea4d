// Runs examples/cluster/run on free ports, kills its nodes, brings them back, and stops it.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { binary, build, root } from './server.mjs';

export const NODES = ['one', 'two', 'three'];
const BROKERS = { redis: 'redis-server', nats: 'nats-server' };
const PATH = `${process.env.PATH}:/usr/sbin`;  // where Debian puts nats-server

/** Why `engine` cannot be tested here; false = it can. */
export function isMissing(engine) {
  try {
    execFileSync('which', [BROKERS[engine]], { env: { PATH }, stdio: 'ignore' });
    return false;
  } catch {
    return `${BROKERS[engine]} is not installed`;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** The first of ten ports in a row that nobody has. */
async function tenFreePorts() {
  for (let first = 31_000; first < 32_700; first += 10) {
    const free = await Promise.all(Array.from({ length: 10 }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  throw new Error('no ten ports in a row are free');
}

/** Until `condition()` is true: for what nobody announces. */
export async function until(condition, seconds, what) {
  for (const deadline = Date.now() + seconds * 1000; !await condition(); await wait(50)) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what()}`);
  }
}

export class Example {
  static async start(engine) {
    const example = new Example();
    example.port = await tenFreePorts();
    example.folder = await mkdtemp(path.join(tmpdir(), 'weft-browser-'));
    const worker = path.join(build, 'examples/chat/chat_worker');
    example.process = spawn(path.join(root, 'examples/cluster/run'), [engine], {
      detached: true,
      env: { ...process.env, PATH, WEFT: binary, CHAT_WORKER: worker, PORT: example.port, RESTART: 3600, TMPDIR: example.folder },
    });
    example.said = '';
    for (const stream of [example.process.stdout, example.process.stderr]) stream.on('data', (text) => { example.said += text; });
    example.ended = new Promise((resolve) => example.process.on('exit', resolve));
    await example.says('Open two of them');
    return example;
  }

  says(words) { return until(() => this.said.includes(words), 60, () => `${words}, but:\n${this.said}`); }

  url(node) { return `http://127.0.0.1:${this.port + 1 + NODES.indexOf(node)}/`; }

  /** Of its lives so far, the newest last: process id, log. */
  lives(node) {
    const lines = [...this.said.matchAll(new RegExp(`node ${node} +pid (\\d+) +(\\S+)`, 'g'))];
    return lines.map(([, pid, log]) => ({ pid: Number(pid), log }));
  }

  /** kill -9, and until it has happened. */
  async kill(node) {
    const { pid } = this.lives(node).at(-1), ends = this.said.split(`node ${node} ended with 137`).length;
    process.kill(pid, 'SIGKILL');
    await until(() => this.said.split(`node ${node} ended with 137`).length > ends, 20, () => this.said);
  }

  /** Ends the pause before a killed node's next life; until it runs, and all three are one again. */
  async bringBack(node) {
    const lives = this.lives(node).length;
    process.kill(this.pause(), 'SIGTERM');
    await until(() => this.lives(node).length > lives, 60, () => this.said);
    for (const each of NODES) await until(async () => await this.listed(each) === NODES.length, 30, () => this.said);
  }

  /** The script sleeps beside the nodes for as long as RESTART says. */
  pause() {
    const { pid } = this.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return Number(children.find((child) => readFileSync(`/proc/${child}/comm`, 'utf8') === 'sleep\n'));
  }

  /** How many nodes the directory of this one lists. */
  async listed(node) {
    const answer = await fetch(`http://127.0.0.1:${this.port + 7 + NODES.indexOf(node)}/v1/nodes`);
    return (await answer.json()).nodes.length;
  }

  /** The first node that tells the others of somebody's end. */
  async teller() {
    const tells = (node) => this.logOf(node).includes('this one tells its ends');
    await until(() => NODES.some(tells), 60, () => this.said);
    return NODES.find(tells);
  }

  logOf(node) { return readFileSync(this.lives(node).at(-1).log, 'utf8'); }

  /** Ends it and gives its exit code. */
  async stop() {
    this.process.kill('SIGINT');
    const code = await this.ended;
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}
