// One WebSocket that comes back by itself. Calls are answered in order, one answer for each; everything else
// that arrives is an event. Knows nothing of rooms and people.

const FIRST_PAUSE = 500, LONGEST_PAUSE = 15_000, ANSWER_TIME = 15_000;  // milliseconds

export class Socket {
  #url; #handlers; #ws = null; #pause = FIRST_PAUSE; #timer = 0; #waiting = [];

  /** handlers: {up(), down(), event(object)} */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    addEventListener('online', () => this.#timer && this.connect());
  }

  get isUp() { return this.#ws?.readyState === WebSocket.OPEN; }

  connect() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const ws = this.#ws = new WebSocket(this.#url);
    ws.onopen = () => { this.#pause = FIRST_PAUSE; this.#handlers.up(); };
    ws.onmessage = ({ data }) => this.#receive(data);
    ws.onclose = () => { if (ws === this.#ws) this.#lost(); };
  }

  /** Drops the connection and makes a new one at once. */
  reconnect() {
    const old = this.#ws;
    this.#ws = null;
    old?.close();
    this.#failAll('The connection was closed.');
    this.connect();
  }

  /** Gives the answer; throws an Error with words for a person. */
  call(op, ...args) {
    return new Promise((resolve, reject) => {
      if (!this.isUp) return reject(new Error('Not connected. Your message was not sent.'));
      const call = { op, resolve, reject };
      call.timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(call), 1);
        reject(new Error('The server did not answer in time.'));
      }, ANSWER_TIME);
      this.#waiting.push(call);
      this.#ws.send(JSON.stringify({ op, args }));
    });
  }

  #receive(text) {
    let message;
    try { message = JSON.parse(text); } catch { return; }
    if (message?.event) return this.#handlers.event(message);
    const at = this.#waiting.findIndex(({ op }) => !message.op || op === message.op);
    if (at < 0) return;
    const [call] = this.#waiting.splice(at, 1);
    clearTimeout(call.timer);
    if (message.error) call.reject(new Error(message.error));
    else call.resolve(message);
  }

  #lost() {
    this.#failAll('The connection was lost. Perhaps the message was not delivered.');
    const wait = Math.round(this.#pause * (0.5 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#handlers.down();
  }

  #failAll(why) {
    for (const call of this.#waiting.splice(0)) {
      clearTimeout(call.timer);
      call.reject(new Error(why));
    }
  }
}
