// The step from an HTTP request to a WebSocket (RFC 6455 section 4.2): what the request asks for,
// judged against what a path offers. Pure: no stream, nothing is sent.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "transport/http.hpp"
#include "transport/websocket.hpp"
#include "wire/ws/deflate.hpp"
#include "wire/ws/handshake.hpp"

namespace weft::transport {

/// The 101 that answers a good handshake.
struct Upgrade {
  std::string head;
  std::optional<ws::DeflateParams> deflate;
};

struct UpgradeRefusal {
  enum class Fault : std::uint8_t { request, version, key, extras };
  int status;
  std::string why;
  Fault fault;
};

/// Whether an answer may carry them: names and values are whole, and none frames the message.
bool are_settable(const std::vector<HttpHeader>& headers);

std::variant<Upgrade, UpgradeRefusal> judge_upgrade(const HttpRequest& request,
                                                    const WebSocketOptions& options,
                                                    const UpgradeExtras& extras = {});

}  // namespace weft::transport
