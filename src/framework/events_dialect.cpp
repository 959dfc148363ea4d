#include "framework/events_dialect.hpp"

#include <fmt/format.h>

#include "framework/timed_connection.hpp"
#include "weft/answer.hpp"

namespace weft::framework {

EventsDialect::EventsDialect(LoopContext& context, Rules rules, SealedListeners listeners,
                             MessageChain middleware, TellProblem tell)
    : FrameworkDialect(context, std::move(rules)),
      listeners_(std::move(listeners)),
      middleware_(std::move(middleware)),
      tell_(std::move(tell)) {}

void EventsDialect::on_message(LiveConnection& connection, DataType type,
                               std::span<const std::byte> payload) {
  Handled message = context().take_message();
  const error_code bad = message->decode(rules().codec, connection.id(), type, payload);
  connection.begin_answer(message->id());
  if (bad) {
    context().counters().refused.add();
    tell_(connection, *message, "bad_message", bad.message());
    return let_go(connection, std::move(message));
  }
  context().raise(MessageReceived{connection, *message});
  context().raise(RecvMessage{connection, *message});
  const List* listeners = listeners_.find(message->event());
  if (!listeners) {
    context().counters().unknown.add();
    tell_(connection, *message, "unknown_event", "nobody here listens to this event");
    return let_go(connection, std::move(message));
  }
  if (!middleware_.empty())
    return go_through_middleware(connection, std::move(message), *listeners);
  call_from(connection, std::move(message), *listeners, 0);
}

std::shared_ptr<const Message> EventsDialect::decode(LiveConnection& connection, DataType type,
                                                     std::span<const std::byte> payload) {
  auto message = std::make_shared<DecodedMessage>();
  (void)message->decode(rules().codec, connection.id(), type, payload);
  message->keep();
  return message;
}

// --- middleware: a coroutine around the listeners

void EventsDialect::go_through_middleware(LiveConnection& connection, Handled message,
                                          const List& listeners) {
  hold(connection, *message);
  auto kept = std::static_pointer_cast<LiveConnection>(connection.shared_from_this());
  Task<void> work = walk(*this, kept, message, listeners);
  auto go_on = [this, kept, message](const Coroutines::Outcome& outcome) {
    if (outcome.error) threw(*kept, *message, outcome.error);
    finish(*kept, message);
  };
  context().coroutines().spawn(std::move(work), std::move(go_on));
}

Task<void> EventsDialect::walk(EventsDialect& self, std::shared_ptr<LiveConnection> connection,
                               Handled message, const List& listeners) {
  MessageContext on_its_way{*connection, *message, message->event()};
  MessageChain::Handler handler = [&]() -> Task<MessageResult> {
    Answer<bool>::Giver all_called;
    self.call_from(*connection, message, listeners, 0, [all_called] { all_called(true); });
    Answer<bool> answer = all_called.answer();
    co_await std::move(answer);
    co_return std::nullopt;
  };
  const MessageResult refused = co_await self.middleware_.run(on_its_way, handler);
  if (refused) self.tell_(*connection, *message, refused->code, refused->reason);
}

// --- listeners

// Functions are called here and now; at the first coroutine the connection is held, and the rest
// follows when it has ended.
void EventsDialect::call_from(LiveConnection& connection, Handled message, const List& listeners,
                              std::size_t next, Done done) {
  for (; next < listeners.size(); ++next) {
    const ListenerEntry& listener = *listeners[next];
    if (listener.coroutine)
      return wait_for(connection, std::move(message), listeners, next, std::move(done));
    const bool any = listener.event.empty();
    const net::Activity::Note note{any ? "a catch-all listener" : "listener of event",
                                   listener.event, connection.id()};
    const net::Activity::Scope scope(context().loop().activity(), note);
    try {
      listener.plain(connection, *message);
    } catch (...) {
      threw(connection, *message, std::current_exception());
    }
  }
  if (done) return done();
  finish(connection, std::move(message));
}

void EventsDialect::wait_for(LiveConnection& connection, Handled message, const List& listeners,
                             std::size_t next, Done done) {
  hold(connection, *message);
  const ListenerEntry& listener = *listeners[next];
  auto kept = std::static_pointer_cast<LiveConnection>(connection.shared_from_this());
  const auto timed = listener.options.deadline.count() > 0 ? std::make_shared<TimedConnection>(kept)
                                                           : std::shared_ptr<TimedConnection>();
  Task<void> work = timed ? run(listener, timed, message) : run(listener, kept, message);
  auto go_on = [this, kept, timed, message, &listeners, next,
                done = std::move(done)](const Coroutines::Outcome& outcome) {
    if (outcome.late) {
      timed->expire();
      late(*kept, *message, *listeners[next]);
    } else if (outcome.error) {
      threw(*kept, *message, outcome.error);
    }
    call_from(*kept, message, listeners, next + 1, done);
  };
  context().coroutines().spawn(std::move(work), std::move(go_on), listener.options.deadline);
}

// Holds what the listener was given, also when nobody waits for it any more.
Task<void> EventsDialect::run(const ListenerEntry& listener, std::shared_ptr<Connection> connection,
                              Handled message) {
  co_await listener.coroutine(*connection, *message);
}

void EventsDialect::hold(LiveConnection& connection, DecodedMessage& message) {
  if (connection.is_held()) return;
  message.keep();
  connection.hold();
}

void EventsDialect::finish(LiveConnection& connection, Handled message) {
  context().raise(MessageHandled{connection, *message});
  if (message->id() && connection.take_unanswered()) acknowledge(connection, *message->id());
  let_go(connection, std::move(message));
}

void EventsDialect::let_go(LiveConnection& connection, Handled message) {
  if (connection.is_held()) connection.release();
  context().give_back(std::move(message));
}

// --- what a client is told

void EventsDialect::acknowledge(LiveConnection& connection, const json::value& id) {
  connection.begin_answer(&id);
  connection.reply("ack", json::value());
}

TellProblem EventsDialect::teller(bool error_events) {
  return [error_events](Connection& connection, const Message& message, std::string_view code,
                        std::string_view why) {
    auto& live = static_cast<LiveConnection&>(connection);
    if (!error_events) return void(live.take_unanswered());
    json::object data;
    data["code"] = code;
    data["message"] = why;
    if (!message.event().empty()) data["event"] = message.event();
    live.reply("error", data);
  };
}

void EventsDialect::threw(LiveConnection& connection, const Message& message,
                          std::exception_ptr error) {
  context().counters().threw.add();
  const std::string what = what_of(error);
  log::error("a listener of event \"{}\" threw on connection {}: {}", message.event(),
             to_string(connection.id()), what);
  context().raise(HandlerException{connection, message, error, what});
  tell_(connection, message, "failed", "the message could not be handled");
}

void EventsDialect::late(LiveConnection& connection, const Message& message,
                         const ListenerEntry& listener) {
  context().counters().late.add();
  const std::string why = fmt::format("not done within {} ms", listener.options.deadline.count());
  log::warn("a listener of event \"{}\" on connection {}: {}", message.event(),
            to_string(connection.id()), why);
  tell_(connection, message, "deadline", why);
}

}  // namespace weft::framework
