#include "transport/door.hpp"

#include <fmt/format.h>

#include "transport/http_connection.hpp"

namespace weft::transport {

Door::Door(net::Loop& loop, DoorOptions options, Codecs& codecs, RequestHandler& handler)
    : loop_(loop), options_(std::move(options)), codecs_(codecs), handler_(handler) {}

std::unique_ptr<net::StreamHandler> Door::open(net::Stream& stream) {
  return std::make_unique<HttpConnection>(*this, stream);
}

void Door::log_refused(const std::string& remote, std::string_view why) {
  if (log_.pass(loop_.now()))
    log::warn("refused a request of {}: {} ({} more since the last line)", remote, why,
              log_.suppressed());
}

std::string refusal_answer(net::Refusal refusal) {
  const std::string body =
      fmt::format("the server is full: {} is reached\n", net::name_of(refusal));
  return fmt::format(
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: "
      "{}\r\nRetry-After: 5\r\n"
      "Connection: close\r\n\r\n{}",
      body.size(), body);
}

}  // namespace weft::transport
