// One person at the chat's page, in a browser of the machine.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

/** A browser: one serves any number of people, each with a context of their own. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

// What the browser itself writes when nobody listens at the port: no page can prevent it.
const NOBODY_LISTENS = /^WebSocket connection to '[^']*' failed: .*(ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET)/;

export class Person {
  /** Opens the page at `url` and waits until it is connected. */
  static async arrives(browser, url) {
    const person = new Person();
    const context = await browser.newContext();
    person.page = await context.newPage();
    person.page.setDefaultTimeout(60_000);
    person.complaints = [];
    person.told = [];  // who came and went, as the server said it: "user2 came"
    person.page.on('pageerror', (error) => person.complaints.push(String(error)));
    person.page.on('console', (line) => line.type() === 'error' && person.complains(line.text()));
    person.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => person.hears(payload)));
    await person.page.goto(url);
    await person.isConnected();
    return person;
  }

  complains(text) {
    if (!NOBODY_LISTENS.test(text)) this.complaints.push(text);
  }

  hears(text) {
    if (!text.startsWith('{"event":"online"')) return;
    const { user, online } = JSON.parse(text);
    this.told.push(`${user.name} ${online ? 'came' : 'went'}`);
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

  /** Waits for a message with exactly this text in the open conversation. It may be there twice: when a worker is killed. */
  async sees(text, kind = ':not(.mine)') {
    await this.page.locator(`.message${kind} p`).getByText(text, { exact: true }).first().waitFor();
  }

  /** Waits until somebody's dot in the list of people is green. */
  async seesOnline(name) { await this.dot(name, '.on').waitFor(); }
  /** … or until nobody's of that name is. */
  async seesOffline(name) { await this.dot(name, '.on').waitFor({ state: 'detached' }); }
  dot(name, kind) {
    return this.page.locator('#people .entry', { hasText: name, has: this.page.locator(`.dot${kind}`) });
  }

  async isConnected() { await this.page.locator('#link[data-state="up"]').waitFor(); }
  async isCutOff() { await this.page.locator('#link[data-state="down"]').waitFor(); }

  async leaves() {
    assert.deepEqual(this.complaints, []);
    await this.page.context().close();
  }
}
