// EventsDialect: messages are envelopes with the name of an event; listeners of that name are
// called. One per path and loop.
#pragma once
#include "framework/framework_dialect.hpp"
#include "framework/listener_table.hpp"
#include "framework/message_middleware.hpp"
#include "framework/routed_events.hpp"

namespace weft::framework {

class EventsDialect final : public FrameworkDialect {
 public:
  /// `middleware` stands around every message that somebody listens to. `tell` is called for bad
  /// envelopes, unknown events, refusals and failures.
  EventsDialect(LoopContext& context, Rules rules, SealedListeners listeners,
                MessageChain middleware, TellProblem tell);

  /// By an error event, which answers the message. Without `error_events` by silence: then nobody
  /// acknowledges the message either.
  static TellProblem teller(bool error_events);

 private:
  using Handled = std::shared_ptr<DecodedMessage>;
  using List = SealedListeners::List;
  /// Runs when the last listener has ended; empty = finish().
  using Done = std::function<void()>;

  void on_message(LiveConnection& connection, DataType type,
                  std::span<const std::byte> payload) override;
  std::shared_ptr<const Message> decode(LiveConnection& connection, DataType type,
                                        std::span<const std::byte> payload) override;

  void go_through_middleware(LiveConnection& connection, Handled message, const List& listeners);
  static Task<void> walk(EventsDialect& self, std::shared_ptr<LiveConnection> connection,
                         Handled message, const List& listeners);

  void call_from(LiveConnection& connection, Handled message, const List& listeners,
                 std::size_t next, Done done = {});
  void wait_for(LiveConnection& connection, Handled message, const List& listeners,
                std::size_t next, Done done);
  static Task<void> run(const ListenerEntry& listener, std::shared_ptr<Connection> connection,
                        Handled message);
  void hold(LiveConnection& connection, DecodedMessage& message);

  void acknowledge(LiveConnection& connection, const json::value& id);
  void finish(LiveConnection& connection, Handled message);
  void let_go(LiveConnection& connection, Handled message);
  void threw(LiveConnection& connection, const Message& message, std::exception_ptr error);
  void late(LiveConnection& connection, const Message& message, const ListenerEntry& listener);

  SealedListeners listeners_;
  MessageChain middleware_;
  TellProblem tell_;
};

}  // namespace weft::framework
