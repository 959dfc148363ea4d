// What the page looks like for a given chat. Everything people wrote gets in as text, never as markup.

const $ = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function make(tag, { className = '', text = '', ...rest } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), rest);
  if (className) element.className = className;
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

const LINK = { connecting: 'Connecting…', up: 'Connected', down: 'Offline, trying again…' };

const PLACEHOLDER = { broadcast: 'Message to everybody', room: 'Message to the room', user: 'Message to' };

export function render(chat) {
  $('link').textContent = LINK[chat.link];
  $('link').dataset.state = chat.link;
  const inside = chat.me !== null;
  $('gate').hidden = inside;
  $('chat').hidden = !inside;
  $('me').hidden = !inside;
  $('login-button').disabled = chat.link !== 'up';
  if (!inside) return;
  $('my-name').textContent = chat.me.name;
  renderLists(chat);
  renderTalk(chat);
}

function renderLists(chat) {
  const all = [...chat.conversations.values()];
  fill($('rooms'), all.filter(({ kind }) => kind !== 'user').map((talk) => entry(chat, talk)));

  // Everybody who is here, and those who left but were talked to.
  const people = new Map([...chat.people].filter(([id]) => id !== chat.me.id));
  for (const { kind, channel } of all) {
    const id = Number(channel.slice('user_'.length));
    if (kind === 'user' && !people.has(id)) people.set(id, chat.nameOf(id));
  }
  const sorted = [...people].sort(([, a], [, b]) => a.localeCompare(b));
  const entries = sorted.map(([id, name]) => {
    const talk = chat.conversations.get(`user_${id}`);
    return entry(chat, { channel: `user_${id}`, title: name, unread: talk?.unread ?? 0 }, presence(chat, id), id);
  });
  fill($('people'), entries.length ? entries : [make('li', { className: 'hint', text: 'Nobody else is here yet.' })]);
  $('people-count').textContent = chat.isCutOff ? '' : `${chat.people.size} online`;
}

function presence(chat, id) {
  if (chat.isCutOff) return 'not known';
  return chat.people.has(id) ? 'online' : 'offline';
}

// Leaves alone what did not change, and the keyboard's place in what did.
function fill(list, items) {
  if (list.childElementCount === items.length && items.every((item, i) => item.isEqualNode(list.children[i]))) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.channel : null;
  list.replaceChildren(...items);
  if (focused) list.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
}

function entry(chat, { channel, title, unread }, state, person) {
  const button = make('button', { type: 'button', className: 'entry' }, make('span', { className: 'name', text: title }));
  button.dataset.channel = channel;
  if (person !== undefined) {
    button.dataset.person = person;
    button.prepend(make('span', { className: state === 'online' ? 'dot on' : 'dot', title: state }));
  }
  if (channel === chat.current) button.setAttribute('aria-current', 'true');
  if (unread) button.append(make('span', { className: 'unread', text: String(unread), ariaLabel: `${unread} unread` }));
  return make('li', {}, button);
}

function renderTalk(chat) {
  const talk = chat.conversations.get(chat.current);
  const person = talk.kind === 'user' ? Number(talk.channel.slice('user_'.length)) : null;
  $('title').textContent = talk.title;
  $('subtitle').textContent = person === null ? describe(talk) : presence(chat, person);
  $('leave').hidden = talk.kind !== 'room';
  const up = chat.link === 'up';
  $('text').placeholder = up ? PLACEHOLDER[talk.kind] + (person === null ? '' : ` ${talk.title}`) : 'Waiting for the connection…';
  $('send').disabled = !up;
  renderMessages(chat, talk);
}

function describe({ kind, channel }) {
  return kind === 'room' ? `channel ${channel}` : 'everybody who is logged in reads this';
}

// Messages are only ever added at the end, so what is there already can stay.
let shown = { talk: null, last: null };

function renderMessages(chat, talk) {
  const list = $('messages');
  const stick = shown.talk !== talk || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  if (shown.talk !== talk) {
    document.querySelector('.entry[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    list.replaceChildren();
    shown = { talk, last: null };
  }
  const from = talk.messages.lastIndexOf(shown.last) + 1;
  if (talk.messages.length) list.querySelector('.empty')?.remove();
  else if (!list.firstChild) list.append(make('li', { className: 'empty', text: 'Nothing said here yet. Say hello!' }));
  talk.messages.slice(from).forEach((message, i) => list.append(bubble(chat, message, talk.messages[from + i - 1])));
  while (list.childElementCount > talk.messages.length && talk.messages.length) list.firstChild.remove();
  shown.last = talk.messages.at(-1) ?? null;
  if (stick) list.scrollTop = list.scrollHeight;
}

function bubble(chat, { from, text, at }, before) {
  if (from === null) return make('li', { className: 'gap', text });
  const mine = from === chat.me.id;
  const item = make('li', { className: mine ? 'message mine' : 'message' });
  const who = { className: mine ? 'who unseen' : 'who', text: mine ? 'You: ' : chat.nameOf(from) };
  if (!before || before.from !== from) item.append(make('span', who));
  item.append(make('p', { text }), make('time', { dateTime: at.toISOString(), text: clock.format(at) }));
  return item;
}

/** Tells a person for a while that something went wrong. */
export function note(text) {
  const element = make('p', { className: 'note', text });
  $('notes').append(element);
  setTimeout(() => element.remove(), 6000);
}

export function loginError(text) { $('login-error').textContent = text; }
