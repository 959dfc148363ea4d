// LoopContext: what the framework has on one loop: the coroutines that run there, messages to use
// again, counters, and the way to the lifecycle's subscribers.
#pragma once
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "framework/application.hpp"
#include "framework/coroutines.hpp"
#include "framework/decoded_message.hpp"
#include "framework/row_keeper.hpp"
#include "node/place.hpp"

namespace weft::framework {

class LoopContext {
 public:
  LoopContext(const Application& application, Place& place, metrics::Registry& metrics);

  const Application& application() const { return application_; }
  Server& server() const { return application_.server; }
  Place& place() { return place_; }
  net::Loop& loop() { return place_.loop(); }
  Coroutines& coroutines() { return coroutines_; }
  metrics::Registry& metrics() { return metrics_; }

  /// nullptr = connections have no rows.
  void set_rows(std::shared_ptr<RowKeeper> rows) { rows_ = std::move(rows); }
  RowKeeper* rows() const { return rows_.get(); }

  /// Tells everybody who subscribed; what they throw is logged and counted.
  template <class Event>
  void raise(const Event& event) {
    application_.bus.raise(event, [this](std::exception_ptr error) { subscriber_threw(error); });
  }
  template <class Event>
  bool has_subscriber() const {
    return application_.bus.has<Event>();
  }

  /// A message to decode into.
  std::shared_ptr<DecodedMessage> take_message();
  void give_back(std::shared_ptr<DecodedMessage> message);

  struct Counters {
    metrics::Counter &messages, &refused, &unknown, &threw, &late, &subscriber_threw,
        &unknown_command, &middleware;
  };
  Counters& counters() { return counters_; }

 private:
  void subscriber_threw(std::exception_ptr error);

  const Application& application_;
  Place& place_;
  metrics::Registry& metrics_;
  Coroutines coroutines_;
  std::shared_ptr<RowKeeper> rows_;
  std::vector<std::shared_ptr<DecodedMessage>> messages_;
  Counters counters_;
};

/// What an exception says, in words.
std::string what_of(const std::exception_ptr& error);

}  // namespace weft::framework
