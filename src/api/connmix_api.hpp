// One worker on /ws/v1: its requests are executed one after another, each finished before the next
// starts (but publications to one channel follow each other), and answered in that order; jobs and
// publications it asked for are sent between the answers. Never pushes to a connection that did not
// ask. Lives on the connection's loop.
#pragma once
#include <memory>

#include "api/access.hpp"
#include "api/message_door.hpp"
#include "node/node.hpp"
#include "transport/message_handler.hpp"
#include "transport/websocket.hpp"

namespace weft::api {

/// Limits and habits of API connections: no pong is demanded and silence is no fault, because a
/// synchronous client looks at its socket only while it waits for an answer.
transport::WebSocketOptions api_websocket_options(std::size_t max_message = 1 << 20);

/// Above this many unsent bytes a worker gets no jobs and its requests wait; publications are
/// dropped and counted.
inline constexpr std::size_t kApiOutboxHighWater = 1 << 20;

/// What API connections of one loop count.
struct ApiCounters {
  explicit ApiCounters(metrics::Registry& registry);
  metrics::Gauge& connections;
  metrics::Counter &requests, &errors, &watch_drops;
};

class ConnmixSession;

class ConnmixHandler final : public transport::MessageHandler {
 public:
  ConnmixHandler(Node& node, transport::Connection& connection, Grant grant, ApiCounters& counters,
                 MessageDoor messages = {});
  ~ConnmixHandler() override;
  bool on_message(DataType type, std::span<const std::byte> payload) override;
  void on_close(const CloseInfo& info) override;
  void on_drained() override;

 private:
  std::shared_ptr<ConnmixSession> session_;  // shared with answers that are under way
};

}  // namespace weft::api
