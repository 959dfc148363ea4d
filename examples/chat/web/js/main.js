// Joins the chat to its page: what people do goes to the chat, what changes there is shown.
import { Chat } from './chat.js';
import { loginError, note, render } from './view.js';

const $ = (id) => document.getElementById(id);
const failed = (error) => note(error.message);

let drawing = false;
function changed() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; render(chat); });
}

const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/chat`;
const chat = new Chat(url, { changed, failed });

// While a form is being answered it cannot be sent again.
function onSubmit(form, action, onError = failed) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    form.ariaBusy = 'true';
    try { await action(); } catch (error) { onError(error); }
    form.ariaBusy = 'false';
  });
}

onSubmit($('login'), async () => {
  loginError('');
  const name = $('name').value.trim(), password = $('password').value;
  if (!name || !password) throw new Error('Please give a name and a password.');
  await chat.logIn(name, password);
  $('password').value = '';
  render(chat);
  $('text').focus();
}, (error) => { loginError(error.message); $('password').select(); });

onSubmit($('join'), async () => {
  const room = $('room').value.trim();
  if (!room) return;
  await chat.join(room);
  $('room').value = '';
  render(chat);
  $('text').focus();
});

// The next message need not wait for the answer to this one. What could not be sent comes back.
$('say').addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = $('text').value;
  if (!text.trim()) return;
  $('text').value = '';
  try { await chat.say(text); } catch (error) { failed(error); $('text').value ||= text; }
});

$('leave').addEventListener('click', () => chat.leave(chat.current).catch(failed));
$('log-out').addEventListener('click', () => { chat.logOut(); render(chat); $('name').focus(); });

for (const list of [$('rooms'), $('people')]) {
  list.addEventListener('click', ({ target }) => {
    const { channel, person } = target.closest('button')?.dataset ?? {};
    if (person !== undefined) chat.talkTo(Number(person));
    else if (channel) chat.show(channel);
  });
}

render(chat);
chat.start();
