// Upcall of the arrivals: may this handshake become a connection, and what does it bring along?
// Implemented by framework/handshake.cpp. One per path and loop.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "node/path_pattern.hpp"
#include "session/arrival.hpp"
#include "transport/http.hpp"

namespace weft {

struct Verdict {
  std::optional<transport::HttpResponse> refusal =
      {};  ///< nullopt: welcome, and what follows counts
  transport::UpgradeExtras extras = {};
  session::Arrival arrival = {};  ///< without `request`
};

class HandshakeJudge {
 public:
  virtual ~HandshakeJudge() = default;

  /// Judges a handshake that RFC 6455 and the path's rules have nothing against, at once or later,
  /// and calls `decided` once, on the loop, unless the exchange gave up before.
  virtual void judge(std::shared_ptr<transport::HttpExchange> exchange, PathParameters parameters,
                     std::function<void(Verdict)> decided) = 0;
  /// The 101 is on its way.
  virtual void on_success(const transport::HttpRequest& request) = 0;
  /// Refused without having been judged.
  virtual void on_refused(const transport::HttpRequest& request, int status,
                          std::string_view why) = 0;
};

}  // namespace weft
