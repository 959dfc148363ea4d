#include "api/connmix_api.hpp"

#include "api/connmix_session.hpp"

namespace weft::api {
namespace {

constexpr std::size_t kMaxOutbox = 64 << 20;  // one answer may be large; jobs stop far below

}  // namespace

transport::WebSocketOptions api_websocket_options(std::size_t max_message) {
  transport::WebSocketOptions options;
  options.max_message = max_message;
  options.max_outbox = kMaxOutbox;
  options.ping_interval = Millis(25'000);
  options.pong_timeout = Millis(0);
  options.read_timeout = Millis(0);
  return options;
}

ApiCounters::ApiCounters(metrics::Registry& registry)
    : connections(registry.gauge("weft_api_connections", "workers and tools on /ws/v1")),
      requests(registry.counter("weft_api_requests_total", "requests on /ws/v1")),
      errors(registry.counter("weft_api_errors_total",
                              "requests on /ws/v1 that were answered with an error")),
      watch_drops(registry.counter(
          "weft_api_dropped_publications_total",
          "publications not sent to a watching API connection that reads too slowly")) {}

ConnmixHandler::ConnmixHandler(Node& node, transport::Connection& connection, Grant grant,
                               ApiCounters& counters, MessageDoor messages)
    : session_(std::make_shared<ConnmixSession>(node, connection, std::move(grant), counters,
                                                messages)) {}

ConnmixHandler::~ConnmixHandler() = default;

bool ConnmixHandler::on_message(DataType, std::span<const std::byte> payload) {
  return session_->on_message(as_text(payload));
}

void ConnmixHandler::on_close(const CloseInfo&) { session_->on_close(); }

void ConnmixHandler::on_drained() { session_->on_drained(); }

}  // namespace weft::api
