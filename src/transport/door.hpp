// Door: what stands behind one listening address on one loop. Parses HTTP heads strictly and within
// deadlines, hands whole requests to its RequestHandler, and turns those that ask for it into
// WebSockets.
#pragma once
#include "base/log.hpp"
#include "net/cidr.hpp"
#include "net/stream.hpp"
#include "transport/codecs.hpp"
#include "transport/http.hpp"
#include "wire/http/request_head.hpp"

namespace weft::transport {

struct DoorOptions {
  http::HeadLimits head;
  std::size_t max_body = 1 << 20;
  Millis first_byte_timeout{5'000};  ///< after connecting (and TLS)
  Millis head_timeout{10'000};       ///< from a head's first byte to its end; the same for a body
  Millis idle_timeout{60'000};       ///< between two requests
  net::CidrList trusted_proxies;     ///< whose X-Forwarded-For and PROXY headers are believed
};

class Door {
 public:
  Door(net::Loop& loop, DoorOptions options, Codecs& codecs, RequestHandler& handler);

  /// The first handler of a new stream.
  std::unique_ptr<net::StreamHandler> open(net::Stream& stream);

  const DoorOptions& options() const { return options_; }
  Codecs& codecs() { return codecs_; }
  RequestHandler& handler() { return handler_; }
  /// One line per 10 s about requests that were refused before anyone saw them.
  void log_refused(const std::string& remote, std::string_view why);

 private:
  net::Loop& loop_;
  DoorOptions options_;
  Codecs& codecs_;
  RequestHandler& handler_;
  log::Limiter log_{std::chrono::seconds(10)};
};

/// The answer of a listener whose gate refuses: 503 with Retry-After and the limit's name.
std::string refusal_answer(net::Refusal refusal);

}  // namespace weft::transport
