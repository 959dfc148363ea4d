// Two people chat in a real browser, through the whole path: page, WebSocket, Lua, queue, worker.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Server } from './server.mjs';

const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
};

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await chromium.launch(LAUNCH);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** One person at one page, with a browser context of their own. */
class Person {
  static async arrives() {
    const person = new Person();
    const context = await browser.newContext();
    person.page = await context.newPage();
    person.page.setDefaultTimeout(60_000);
    person.complaints = [];
    person.page.on('pageerror', (error) => person.complaints.push(String(error)));
    person.page.on('console', (line) => line.type() === 'error' && person.complaints.push(line.text()));
    await person.page.goto(server.url);
    await person.page.locator('#link[data-state="up"]').waitFor();
    return person;
  }

  async tries(name, password) {
    await this.page.fill('#name', name);
    await this.page.fill('#password', password);
    await this.page.click('#login-button');
  }

  async logsIn(name) {
    await this.tries(name, '123456');
    await this.page.locator('#chat').waitFor();
    await this.page.locator('#my-name', { hasText: name }).waitFor();
    return this;
  }

  async joins(room) {
    await this.page.fill('#room', room);
    await this.page.press('#room', 'Enter');
    await this.page.locator(`.entry[data-channel="room_${room}"][aria-current]`).waitFor();
  }

  async opens(channel) {
    await this.page.click(`.entry[data-channel="${channel}"]`);
    await this.page.locator(`.entry[data-channel="${channel}"][aria-current]`).waitFor();
  }

  async says(text) {
    await this.page.fill('#text', text);
    await this.page.press('#text', 'Enter');
    await this.sees(text, '.mine');
  }

  /** Waits for a message with exactly this text in the open conversation. */
  async sees(text, kind = ':not(.mine)') {
    await this.page.locator(`.message${kind} p`).getByText(text, { exact: true }).waitFor();
  }

  online(name) { return this.page.locator('#people .entry', { hasText: name, has: this.page.locator('.dot.on') }); }

  async leaves() {
    assert.deepEqual(this.complaints, []);
    await this.page.context().close();
  }
}

test('two people talk in a room, to each other and to everybody', async () => {
  const one = await (await Person.arrives()).logsIn('user1');
  const two = await (await Person.arrives()).logsIn('user2');

  await one.online('user2').waitFor();
  await two.online('user1').waitFor();

  await one.joins('101');
  await two.joins('101');
  await one.says('hello,world!');
  await two.sees('hello,world!');
  await two.says('hello back');
  await one.sees('hello back');

  await one.opens('user_2');
  await one.says('just for you');
  await two.opens('user_1');
  await two.sees('just for you');
  await two.says('thank you');
  await one.sees('thank you');

  await one.opens('broadcast');
  await two.opens('broadcast');
  await two.says('good morning everybody');
  await one.sees('good morning everybody');

  await two.opens('room_101');
  await two.page.click('#leave');
  await two.page.locator('.entry[data-channel="room_101"]').waitFor({ state: 'detached' });

  await two.leaves();
  await one.online('user2').waitFor({ state: 'detached' });
  await one.leaves();
});

test('a wrong password is told, and the right one still works', async () => {
  const one = await Person.arrives();
  await one.tries('user1', 'wrong');
  await one.page.locator('#login-error', { hasText: 'Invalid name or password' }).waitFor();
  await one.logsIn('user1');
  await one.leaves();
});

test('what people write is shown as they wrote it', async () => {
  const one = await (await Person.arrives()).logsIn('user1');
  await one.says('<img src=x onerror="document.title=1"> "quoted" \\ & ünïcödé');
  assert.equal(await one.page.locator('.message img').count(), 0);
  assert.equal(await one.page.title(), 'weft chat');
  await one.leaves();
});

test('the page comes back after the server was restarted, with its rooms', async () => {
  const one = await (await Person.arrives()).logsIn('user1');
  await one.joins('7');
  assert.equal(await server.close(), 0);
  await one.page.locator('#link[data-state="down"]').waitFor();
  await server.open(`127.0.0.1:${server.port}`);
  await one.page.locator('#link[data-state="up"]').waitFor();
  const two = await (await Person.arrives()).logsIn('user2');
  await one.online('user2').waitFor();  // so user1 is logged in again, and in room 7
  await two.joins('7');
  await two.says('still there?');
  await one.sees('still there?');
  await two.leaves();
});
