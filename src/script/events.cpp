#include "script/events.hpp"

#include <algorithm>

#include "script/bindings/bindings.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr std::size_t kMaxScratch = 64 << 10;

/// What a Lua error on top of `co` says, with file and line where Lua did not say so itself.
std::string message_on(lua_State* co) {
  std::size_t size = 0;
  const char* text = lua_type(co, -1) == LUA_TSTRING ? lua_tolstring(co, -1, &size) : nullptr;
  std::string message =
      text ? std::string(text, size)
           : fmt::format("(error object is a {} value)", lua_typename(co, lua_type(co, -1)));
  if (place_in(message).line) return message;
  lua_Debug about{};
  for (int level = 0; lua_getstack(co, level, &about); ++level) {
    lua_getinfo(co, "Sl", &about);
    if (about.currentline > 0)
      return fmt::format("{}:{}: {}", about.short_src, about.currentline, message);
  }
  return message;
}

Callback callback_of(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::connect:
      return Callback::connect;
    case Event::Kind::handshake:
      return Callback::handshake;
    case Event::Kind::close:
      return Callback::close;
    case Event::Kind::package:
      return Callback::input;
    case Event::Kind::encode:
      return Callback::encode;
    default:
      return Callback::message;
  }
}

}  // namespace

Events::~Events() {
  alive_.reset();
  for (auto& [id, connection] : connections_) connection.event.reset();
}

Connection* Events::look_up(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return nullptr;
  return last_found_ = &found->second;  // stays in its place until forget()
}

Connection& Events::add(ConnectionId id, ScriptId script) {
  return connections_.try_emplace(id, id, script).first->second;
}

Connection& Events::add_guest(ConnectionId id) {
  Connection* known = find(id);
  if (known) return *known;
  Connection& made = add(id, 0);
  made.is_guest = true;
  return made;
}

Connection* Events::closed(ConnectionId id) {
  Connection* connection = find(id);
  if (!connection || std::exchange(connection->is_closed, true)) return nullptr;
  const Event* event = connection->event.get();
  if (!event || !event->token || event->awaited.empty()) return connection;
  // Answers of the outside may still be of use: those are waited for.
  answer(event->token, ContextAnswer{{}, "connection closed"});
  return find(id);
}

// --- the line of one connection ---

void Events::hand_over(Connection& connection, Pending pending) {
  if (!connection.backlog) connection.backlog = std::make_unique<std::deque<Pending>>();
  connection.backlog->push_back(std::move(pending));
  proceed(connection);
}

void Events::message(Connection& connection, DataType type, std::string_view data) {
  const bool is_idle = !connection.event && !connection.backlog && depth_ == 0;
  if (!is_idle) {
    return hand_over(connection,
                     {Pending::Kind::message, type, std::string(data), nullptr, nullptr});
  }
  start(connection, Event::Kind::message, nullptr, type, data);
  drain();
}

void Events::bytes(Connection& connection, std::string_view bytes) {
  if (connection.is_deaf) return;
  if (!connection.input) connection.input = std::make_unique<Input>();
  connection.input->append(bytes);
  proceed(connection);
}

// Nothing of a connection begins inside another event: it goes on when that one sleeps or ends.
void Events::proceed(Connection& connection) {
  if (connection.event) return;
  if (depth_ > 0) pause(connection);
  later(connection);
  drain();
}

void Events::pause(Connection& connection) {
  if (connection.is_closed || connection.is_guest) return;
  if (std::exchange(connection.is_paused, true)) return;
  engine_.host.pause_reading(connection.id);
}

void Events::later(Connection& connection) {
  if (!std::exchange(connection.is_listed, true)) runnable_.push_back(connection.id);
}

void Events::drain() {
  while (depth_ == 0 && !runnable_.empty()) {
    const ConnectionId id = runnable_.front();
    runnable_.pop_front();
    Connection* connection = find(id);
    if (!connection) continue;
    connection->is_listed = false;
    if (connection->event) {
      // Its answer has come; a wait that is still open has been woken for nothing.
      if (connection->event->is_suspended && !connection->event->token) go(*connection->event);
      connection = find(id);
    }
    while (connection && !connection->event && start_next(*connection)) connection = find(id);
  }
}

/// Begins what is next in line: packages come before the end of the connection. false = nothing to
/// do.
bool Events::start_next(Connection& connection) {
  const bool has_backlog = connection.backlog != nullptr;
  const bool is_closing = has_backlog && connection.backlog->front().kind == Pending::Kind::close;
  if (connection.input && connection.input->is_ready() && (!has_backlog || is_closing)) {
    connection.input->wait_for(0);
    start(connection, Event::Kind::package, nullptr, DataType::binary, {});
    return true;
  }
  if (!has_backlog) {
    if (connection.input && connection.input->view().empty()) connection.input.reset();
    if (std::exchange(connection.is_paused, false) && !connection.is_closed)
      engine_.host.resume_reading(connection.id);
    return false;
  }
  Pending next = std::move(connection.backlog->front());
  connection.backlog->pop_front();
  if (connection.backlog->empty()) connection.backlog.reset();
  if (next.kind == Pending::Kind::leave) {
    if (!connection.backlog) return forget(connection.id), false;
    connection.backlog->push_back(std::move(next));  // every call ends, also one that came late
    return true;
  }
  static constexpr Event::Kind kKinds[] = {Event::Kind::connect, Event::Kind::handshake,
                                           Event::Kind::message, Event::Kind::package,
                                           Event::Kind::close,   Event::Kind::call};
  start(connection, kKinds[static_cast<std::size_t>(next.kind)], &next, next.type, next.data);
  return true;
}

// --- one event ---

void Events::start(Connection& connection, Event::Kind kind, Pending* pending, DataType type,
                   std::string_view data) {
  auto made = take_event();
  Event& event = *made;
  event.kind = kind;
  if (kind == Event::Kind::call) event.call = std::move(pending->call);
  event.loaded = engine_.scripts.at(event.call ? event.call->script : connection.script);
  event.connection = connection.id;
  event.data = data;
  event.type = type;
  event.handshake = pending ? pending->handshake.get() : nullptr;
  event.close = pending ? pending->close.get() : nullptr;
  event.budget.limit = engine_.limits.watchdog;
  connection.event = std::move(made);

  // The headers of a handshake go into the context, also when no callback wants them.
  if (kind != Event::Kind::handshake && kind != Event::Kind::call &&
      !event.loaded->has(callback_of(kind)))
    return finished(event, 0);
  event.coroutine = take_coroutine(event.reference);
  if (!event.coroutine) {
    engine_.errors.add();
    if (event.call)
      event.call->result.problem = "not enough memory to call a function";
    else
      engine_.reporter.error(*event.loaded, "not enough memory to begin an event",
                             "the event is dropped");
    return finished(event, 0);
  }
  lua_rawgeti(event.coroutine, LUA_REGISTRYINDEX, engine_.entries.of(kind));
  go(event);
}

void Events::go(Event& event) {
  Event* const outer = std::exchange(current_, &event);
  ++depth_;
  event.is_suspended = false;
  const auto begin = std::chrono::steady_clock::now();
  const int status = engine_.machine.resume(event.coroutine, 0, event.budget);
  event.elapsed += std::chrono::steady_clock::now() - begin;
  --depth_;
  current_ = outer;
  event.data = {};
  event.handshake = nullptr;
  event.close = nullptr;
  if (status == LUA_YIELD && event.token) return suspended(event);
  if (status == LUA_YIELD && !std::holds_alternative<std::monostate>(event.answer)) {
    // Answered between the question and the sleep.
    event.is_suspended = true;
    if (Connection* connection = find(event.connection)) later(*connection);
    return;
  }
  finished(event, status);
}

void Events::suspended(Event& event) {
  event.is_suspended = true;
  if (Connection* connection = find(event.connection)) pause(*connection);
}

void Events::finished(Event& event, int status) {
  Connection* connection = find(event.connection);
  if (event.token) waits_.erase(std::exchange(event.token, 0));
  if (status != 0) report(event, status);
  if (event.coroutine) {
    give_coroutine(event.coroutine, event.reference, status == 0);
    engine_.event_seconds.observe(std::chrono::duration<double>(event.elapsed).count());
    engine_.machine.tidy(status == LUA_ERRMEM || event.budget.aborted);
    engine_.memory.set(static_cast<std::int64_t>(engine_.machine.used()));
    if (engine_.scratch.capacity() > kMaxScratch) engine_.scratch = std::string();
  }
  const bool was_last = event.kind == Event::Kind::close;
  const ConnectionId id = event.connection;
  const std::unique_ptr<Call> call = std::move(event.call);
  give_event(std::move(connection->event));  // `event` is another one's from here on
  if (was_last) return forget(id);
  if (connection->backlog || connection->input || connection->is_paused) later(*connection);
  if (call) call->done(std::move(call->result));  // may hand over, end or forget anything
}

/// Whoever called a function decides himself about its error.
void Events::report(const Event& event, int status) {
  std::string message = status == LUA_YIELD
                            ? "coroutine.yield() outside of a coroutine that the script made"
                            : message_on(event.coroutine);
  engine_.errors.add();
  if (event.budget.aborted) engine_.aborted.add();
  if (event.call) {
    event.call->result = {"", "null", std::move(message)};
    return;
  }
  engine_.reporter.error(
      *event.loaded, message,
      fmt::format("connection {} stays open; this event is dropped", to_string(event.connection)));
}

std::string Events::run_now(Event& event, lua_CFunction entry, void (*finish)(lua_State*, void*),
                            void* argument) {
  event.coroutine = take_coroutine(event.reference);
  if (!event.coroutine) return "not enough memory";
  // Pushing a function may fail for lack of memory, so the main state does it under protection.
  std::string problem = engine_.machine.protect([&](lua_State* L) {
    lua_pushcfunction(L, entry);
    lua_xmove(L, event.coroutine, 1);
  });
  int status = 0;
  if (problem.empty()) {
    Event* const outer = std::exchange(current_, &event);
    ++depth_;
    status = engine_.machine.resume(event.coroutine, 0, event.budget);
    --depth_;
    current_ = outer;
    if (status == LUA_YIELD)
      problem = "this function must not wait";
    else if (status != 0)
      problem = message_on(event.coroutine);
    else if (finish)
      finish(event.coroutine, argument);
  }
  if (event.token) waits_.erase(event.token);
  give_coroutine(event.coroutine, event.reference, status == 0);
  if (event.budget.aborted) engine_.aborted.add();
  drain();
  return problem;
}

// --- waiting ---

WaitToken Events::begin_wait() {
  Event& event = *current_;
  if (event.token) waits_.erase(event.token);
  event.token = 0;
  event.answer = std::monostate();
  event.token = ++last_token_;
  waits_.emplace(event.token, &event);
  return event.token;
}

void Events::answer(WaitToken token, Answer answer) {
  const auto found = waits_.find(token);
  if (found == waits_.end()) return;  // the event has gone, or does not wait for this any more
  Event& event = *found->second;
  waits_.erase(found);
  event.token = 0;
  event.timer.reset();
  event.answer = std::move(answer);
  if (!event.is_suspended) return;  // still asking: it will find the answer
  if (Connection* connection = find(event.connection)) {
    later(*connection);
    drain();
  }
}

void Events::context_set(Connection& connection, std::string_view key) {
  Event* event = connection.event.get();
  if (!event) return;
  if (event->token && event->awaited == key) {
    const std::string awaited = std::exchange(event->awaited, {});
    return answer(event->token, ContextAnswer{awaited, {}});
  }
  if (std::ranges::find(event->keys_set, key) == event->keys_set.end())
    event->keys_set.emplace_back(key);
}

}  // namespace weft::script
