// The chat without its page: who I am, who is here, which conversations there are and what was said in them.
// Calls `changed` after every change. Conversations are named by the channel they are sent to. A message from null is a
// word of the page itself.
import { Socket } from './socket.js';

const BROADCAST = 'broadcast', PRESENCE = 'online', ROOM = 'room_', USER = 'user_';
const KEPT = 500;  // messages per conversation
const SENDING = { room: 'sendtoroom', user: 'sendtouser' };

export class Chat {
  link = 'connecting';          // or 'up', 'down'
  me = null;                    // {id, name} once logged in
  people = new Map();           // id -> name, who is online; as it was last known while cut off
  isCutOff = false;             // from the loss of the connection until everything is heard again
  conversations = new Map();    // channel -> {channel, kind, title, messages, unread, joined}
  current = BROADCAST;

  #names = new Map();           // id -> name, everybody ever seen
  #credentials = null;          // in memory only, for logging in again after a reconnect
  #changed; #failed; #socket;

  /** changed(): something above changed. failed(Error): something went wrong that nobody waits for. */
  constructor(url, { changed, failed }) {
    this.#changed = changed;
    this.#failed = failed;
    this.#socket = new Socket(url, {
      up: () => this.#up(),
      down: () => { this.link = 'down'; this.isCutOff = this.me !== null; changed(); },
      event: (event) => this.#event(event),
    });
    this.#forget();
  }

  start() { this.#socket.connect(); }

  async logIn(name, password) {
    await this.#socket.call('auth', name, password);
    this.#credentials = [name, password];
    await this.#enter(name);
  }

  logOut() {
    this.#credentials = null;
    this.#forget();
    this.link = 'connecting';
    this.#socket.reconnect();  // the connection is the session
    this.#changed();
  }

  async join(room) {
    const channel = ROOM + room;
    if (!this.conversations.get(channel)?.joined) {
      await this.#socket.call('subscribe', channel);
      this.#open(channel, 'room', `Room ${room}`).joined = true;
    }
    this.show(channel);
  }

  async leave(channel) {
    await this.#socket.call('unsubscribe', channel);
    this.conversations.delete(channel);
    this.show(BROADCAST);
  }

  show(channel) {
    this.current = channel;
    this.conversations.get(channel).unread = 0;
    this.#changed();
  }

  talkTo(id) {
    const channel = USER + id;
    this.#open(channel, 'user', this.nameOf(id));
    this.show(channel);
  }

  async say(text) {
    const { channel, kind } = this.conversations.get(this.current);
    if (kind === 'broadcast') return void await this.#socket.call('sendbroadcast', text);
    await this.#socket.call(SENDING[kind], channel, text);
    // A room's messages come back to who sent them; a person's only reach that person.
    if (kind === 'user' && channel !== USER + this.me?.id) this.#add(channel, this.me.id, text);
  }

  nameOf(id) { return this.#names.get(id) ?? `user ${id}`; }

  #forget() {
    this.me = null;
    this.isCutOff = false;
    this.people.clear();
    this.conversations.clear();
    this.#open(BROADCAST, 'broadcast', 'Everybody').joined = true;
    this.current = BROADCAST;
  }

  async #up() {
    this.link = 'up';
    this.#changed();
    if (!this.#credentials) return;
    try {
      await this.#socket.call('auth', ...this.#credentials);
      await this.#enter(this.#credentials[0]);
    } catch (error) {
      this.#failed(error);
    }
  }

  // Logged in on this connection: listen to everything again, then see who is here.
  async #enter(name) {
    const { uid } = await this.#socket.call('online');
    const rooms = [...this.conversations.values()].filter(({ kind, joined }) => kind === 'room' && joined);
    await this.#socket.call('subscribe', BROADCAST, PRESENCE, USER + uid, ...rooms.map(({ channel }) => channel));
    const { users } = await this.#socket.call('online');
    this.people = new Map(users.map((user) => [user.id, user.name]));
    for (const [id, each] of this.people) this.#names.set(id, each);
    this.#names.set(uid, name);
    this.me = { id: uid, name };
    if (this.isCutOff) this.#noteGap();
    this.isCutOff = false;
    this.#changed();
  }

  // Nothing is kept for who is away: that is said where it may be missed.
  #noteGap() {
    for (const { messages } of this.conversations.values()) {
      if (messages.length) messages.push({ from: null, text: 'You were offline. What was said meanwhile is not here.', at: new Date() });
    }
  }

  #event({ event, channel, data, user, online }) {
    if (event === 'online') {
      this.#names.set(user.id, user.name);
      if (online) this.people.set(user.id, user.name);
      else this.people.delete(user.id);
      return this.#changed();
    }
    const said = /^uid:(\d+),message:([\s\S]*)$/.exec(data);
    if (event !== 'subscribe' || !said) return;
    const from = Number(said[1]);
    if (channel.startsWith(USER)) channel = USER + from;  // sent to me: belongs to the talk with whoever sent it
    if (channel.startsWith(USER)) this.#open(channel, 'user', this.nameOf(from));
    if (this.conversations.has(channel)) this.#add(channel, from, said[2]);
  }

  #open(channel, kind, title) {
    const known = this.conversations.get(channel);
    if (known) return known;
    const opened = { channel, kind, title, messages: [], unread: 0, joined: false };
    this.conversations.set(channel, opened);
    return opened;
  }

  #add(channel, from, text) {
    const conversation = this.conversations.get(channel);
    conversation.messages.push({ from, text, at: new Date() });
    if (conversation.messages.length > KEPT) conversation.messages.shift();
    if (channel !== this.current) ++conversation.unread;
    this.#changed();
  }
}
