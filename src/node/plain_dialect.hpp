// The dialect `plain`: frames as they are. Answered by echoing them, by a queue, or by nobody (a
// path that only subscribes). The context lives in the session and travels with each job.
#pragma once
#include <string>
#include <vector>

#include "node/place.hpp"
#include "queue/queue.hpp"
#include "session/dialect.hpp"

namespace weft {

struct PlainRules {
  bool echo = false;
  std::string queue;                   ///< topic that gets open, message and close; "" = none
  std::vector<std::string> subscribe;  ///< channels of every connection
};

class PlainDialect final : public session::Dialect {
 public:
  PlainDialect(Place& place, queue::Queue& queue, PlainRules rules);

  void on_open(session::Session& session, session::Arrival& arrival) override;
  bool on_message(session::Session& session, DataType type,
                  std::span<const std::byte> payload) override;
  void on_close(session::Session& session, const CloseInfo& info) override;
  error_code push(session::Session& session, DataType type,
                  std::span<const std::byte> payload) override;
  bool deliver(session::Session& session, hub::Delivery& delivery) override;
  error_code set_context(session::Session& session, const std::string& json_object) override;
  bool has_context(session::Session& session, const std::string& key) override;

 private:
  void not_pushed(ConnectionId id, error_code error, bool may_close);
  void push_job(session::Session& session, const std::string& json, bool may_close);

  Place& place_;
  queue::Queue& queue_;
  PlainRules rules_;
};

/// What send() to a client gives, as an error: outbox_full, no_such_connection, or none.
error_code error_of(transport::SendResult result);

}  // namespace weft
