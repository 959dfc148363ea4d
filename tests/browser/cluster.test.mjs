// examples/cluster in real browsers: people on different nodes talk, and any one node is killed meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Example, NODES, isMissing } from './example.mjs';
import { Person, startBrowser } from './person.mjs';

const browsers = [];
before(async () => {
  for (let i = 0; i < 2; ++i) browsers.push(await startBrowser());
});
after(async () => {
  for (const browser of browsers) await browser.close();
});

/** user1 on node one and user2 on node two, in browsers of their own and in one room. */
async function people(example) {
  const all = [];
  for (const [i, name] of ['user1', 'user2'].entries()) {
    const person = await (await Person.arrives(browsers[i], example.url(NODES[i]))).logsIn(name);
    all.push(Object.assign(person, { name, node: NODES[i] }));
  }
  for (const person of all) await person.joins('101');
  await talk(all, 'hello');
  for (const [person, other] of pairs(all)) await person.seesOnline(other.name);
  return all;
}

const pairs = ([one, two]) => [[one, two], [two, one]];

/** Each says it, and the other reads it. */
async function talk(all, text) {
  for (const [person, other] of pairs(all)) {
    await person.says(`${text}, says ${person.name}`);
    await other.sees(`${text}, says ${person.name}`);
  }
}

/** Nobody is on the node: the others go on, and hear of nobody who went. Gives the node that told the others of its end. */
async function killAnEmptyNode(example, all, node) {
  await example.kill(node);
  await talk(all, `node ${node} is dead`);
  const teller = await example.teller();
  await talk(all, `the end of node ${node} is told`);
  await example.bringBack(node);
  await talk(all, `node ${node} is back`);
  for (const person of all) assert.deepEqual(person.told, []);
  return teller;
}

/** The node stays away until everybody has heard that its people went. */
async function killTheNodeOf(lost, other, example) {
  await example.kill(lost.node);
  await lost.isCutOff();
  await lost.seesOffline(other.name);  // who is cut off cannot know
  await other.says(`${lost.name} is cut off`);
  await other.seesOffline(lost.name);
  assert.deepEqual(other.told, [`${lost.name} went`]);

  await example.bringBack(lost.node);
  await lost.isConnected();
  await other.seesOnline(lost.name);
  await lost.seesOnline(other.name);
  await lost.page.locator('.gap').last().waitFor();
  await talk([lost, other], `${lost.name} is back`);
  assert.deepEqual(other.told.splice(0), [`${lost.name} went`, `${lost.name} came`]);
  assert.deepEqual(lost.told.splice(0).filter((words) => words.endsWith('went')), []);
}

/** The node is back at once: nobody has to hear anything, and in the end everybody is there. */
async function restartTheNodeOf(lost, other, example) {
  await example.kill(lost.node);
  await example.bringBack(lost.node);
  await lost.page.locator('.gap').nth(1).waitFor();
  await talk([lost, other], `${lost.name} is back at once`);
  await lost.seesOnline(other.name);
  await other.seesOnline(lost.name);
  const [went, came, ...more] = other.told;
  if (went) assert.deepEqual([went, came, more], [`${lost.name} went`, `${lost.name} came`, []]);
}

for (const engine of ['redis', 'nats']) {
  test(`over ${engine} people talk while any one node is killed`, { skip: isMissing(engine) }, async (t) => {
    const example = await Example.start(engine);
    t.after(async () => assert.equal(await example.stop(), 0));
    const all = await people(example);
    for (const person of all) person.told = [];

    const teller = await killAnEmptyNode(example, all, 'three');
    const first = all.find(({ node }) => node === teller);
    const second = all.find((person) => person !== first);
    await killTheNodeOf(first, second, example);
    await killTheNodeOf(second, first, example);
    await restartTheNodeOf(first, second, example);
    for (const person of all) await person.leaves();
  });
}
