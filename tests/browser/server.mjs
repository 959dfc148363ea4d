// Starts weft with a copy of the chat example on free ports, and stops it.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const build = process.env.WEFT_BUILD ?? path.join(root, 'build/release');
export const binary = process.env.WEFT_BINARY ?? path.join(build, 'weft');

export class Server {
  static async start() {
    const server = new Server();
    server.folder = await mkdtemp(path.join(tmpdir(), 'weft-chat-'));
    for (const name of ['lua', 'web']) {
      await cp(path.join(root, 'examples/chat', name), path.join(server.folder, name), { recursive: true });
    }
    await server.open('127.0.0.1:0');
    return server;
  }

  /** Runs weft with its clients' door at `address`; resolves when it is open. */
  async open(address) {
    const ports = path.join(this.folder, `ports-${process.hrtime.bigint()}.json`);
    const config = await readFile(path.join(root, 'examples/chat/weft.yaml'), 'utf8');
    const listen = `listen: { clients: "${address}", api: "127.0.0.1:0", directory: "127.0.0.1:0" }\nnode: { drain: 0s }\n`;
    await writeFile(path.join(this.folder, 'weft.yaml'), listen + config);
    this.log = '';
    this.process = spawn(binary, ['run', '-c', path.join(this.folder, 'weft.yaml')], {
      cwd: this.folder,
      env: { ...process.env, WEFT_PORTS_FILE: ports, CHAT_WORKER: path.join(build, 'examples/chat/chat_worker') },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (text) => { this.log += text; });
    this.ended = new Promise((resolve) => this.process.on('exit', resolve));
    for (const deadline = Date.now() + 60_000; !existsSync(ports); await pause(10)) {
      if (this.process.exitCode !== null || Date.now() > deadline) throw new Error(`weft did not start:\n${this.log}`);
    }
    this.port = JSON.parse(await readFile(ports, 'utf8')).clients;
    this.url = `http://127.0.0.1:${this.port}/`;
  }

  /** Ends weft and gives its exit code. */
  async close() {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  async stop() {
    await this.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
