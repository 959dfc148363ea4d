#include "transport/codecs.hpp"

#include "wire/ws/frame.hpp"

namespace weft::transport {
namespace {

metrics::Counter& messages(metrics::Registry& metrics, const char* way) {
  return metrics.counter("weft_messages_total", "messages of client and API connections", way);
}
metrics::Counter& bytes(metrics::Registry& metrics, const char* way) {
  return metrics.counter("weft_message_bytes_total", "payload bytes of messages", way);
}
metrics::Counter& dropped(metrics::Registry& metrics, const char* reason) {
  return metrics.counter("weft_messages_dropped_total", "messages that never left, by reason",
                         reason);
}
metrics::Counter& closed(metrics::Registry& metrics, const char* limit) {
  return metrics.counter("weft_connections_closed_total", "connections closed by a limit", limit);
}
metrics::Counter& rejected(metrics::Registry& metrics, const char* reason) {
  return metrics.counter("weft_handshake_rejected_total",
                         "requests and handshakes refused, by reason", reason);
}

}  // namespace

Counters::Counters(metrics::Registry& metrics)
    : messages_in(messages(metrics, "way=\"in\"")),
      messages_out(messages(metrics, "way=\"out\"")),
      bytes_in(bytes(metrics, "way=\"in\"")),
      bytes_out(bytes(metrics, "way=\"out\"")),
      dropped_oldest(dropped(metrics, "reason=\"drop_oldest\"")),
      dropped_slow(dropped(metrics, "reason=\"slow\"")),
      closed_slow(closed(metrics, "limit=\"max_outbox\"")),
      closed_node_full(closed(metrics, "limit=\"max_outbox_total\"")),
      closed_no_pong(closed(metrics, "limit=\"pong_timeout\"")),
      closed_silent(closed(metrics, "limit=\"read_timeout\"")),
      closed_rate(closed(metrics, "limit=\"max_messages_per_second\"")),
      closed_protocol(closed(metrics, "limit=\"protocol\"")),
      rejected_timeout(rejected(metrics, "reason=\"timeout\"")),
      rejected_http(rejected(metrics, "reason=\"bad_request\"")),
      rejected_key(rejected(metrics, "reason=\"key\"")),
      rejected_version(rejected(metrics, "reason=\"version\"")),
      upgraded(metrics.counter("weft_websocket_handshakes_total",
                               "connections that became WebSockets")) {}

Codecs::Codecs(metrics::Registry& metrics)
    : counters(metrics), ping(ws::encode_frame(ws::Opcode::ping, {})) {}

}  // namespace weft::transport
