// Two people chat in a real browser, through the whole path: page, WebSocket, Lua, queue, worker.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person, startBrowser } from './person.mjs';
import { Server } from './server.mjs';

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const arrives = () => Person.arrives(browser, server.url);

test('two people talk in a room, to each other and to everybody', async () => {
  const one = await (await arrives()).logsIn('user1');
  const two = await (await arrives()).logsIn('user2');

  await one.seesOnline('user2');
  await two.seesOnline('user1');

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
  await one.seesOffline('user2');
  await one.leaves();
});

test('a wrong password is told, and the right one still works', async () => {
  const one = await arrives();
  await one.tries('user1', 'wrong');
  await one.page.locator('#login-error', { hasText: 'Invalid name or password' }).waitFor();
  await one.logsIn('user1');
  await one.leaves();
});

test('what people write is shown as they wrote it', async () => {
  const one = await (await arrives()).logsIn('user1');
  await one.says('<img src=x onerror="document.title=1"> "quoted" \\ & ünïcödé');
  assert.equal(await one.page.locator('.message img').count(), 0);
  assert.equal(await one.page.title(), 'weft chat');
  await one.leaves();
});

test('the page comes back after the server was restarted, with its rooms', async () => {
  const one = await (await arrives()).logsIn('user1');
  await one.joins('7');
  assert.equal(await server.close(), 0);
  await one.isCutOff();
  await server.open(`127.0.0.1:${server.port}`);
  await one.isConnected();
  const two = await (await arrives()).logsIn('user2');
  await one.seesOnline('user2');  // so user1 is logged in again, and in room 7
  await two.joins('7');
  await two.says('still there?');
  await one.sees('still there?');
  await two.leaves();
  await one.leaves();
});
