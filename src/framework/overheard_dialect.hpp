// OverheardDialect: a dialect and those who hear what its clients say: every message of a
// connection that is open is told as JSON before the dialect gets it. Built only where
// cluster.messages names somebody, so nobody else pays for it.
#pragma once
#include "framework/routed_events.hpp"
#include "node/place.hpp"
#include "session/dialect.hpp"

namespace weft::framework {

class OverheardDialect final : public session::Dialect {
 public:
  /// `node`: the id of this one. `place` and `routed` are those of its loop and outlive it.
  OverheardDialect(std::unique_ptr<session::Dialect> inner, std::string node, Place& place,
                   RoutedEvents& routed);

  void on_open(session::Session& session, session::Arrival& arrival) override;
  bool on_message(session::Session& session, DataType type,
                  std::span<const std::byte> payload) override;
  void on_close(session::Session& session, const CloseInfo& info) override;
  bool is_open(session::Session& session) override;
  error_code push(session::Session& session, DataType type,
                  std::span<const std::byte> payload) override;
  error_code push_event(session::Session& session, std::string_view event,
                        const json::value& data) override;
  bool deliver(session::Session& session, hub::Delivery& delivery) override;
  error_code set_context(session::Session& session, const std::string& json_object) override;
  bool has_context(session::Session& session, const std::string& key) override;
  std::optional<error_code> bind_user(session::Session& session, const std::string& user) override;

 private:
  std::string told(session::Session& session, DataType type,
                   std::span<const std::byte> payload) const;

  const std::unique_ptr<session::Dialect> inner_;
  const std::string node_;
  Place& place_;
  RoutedEvents& routed_;
};

}  // namespace weft::framework
