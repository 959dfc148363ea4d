#include "transport/upgrade.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "wire/http/response.hpp"

namespace weft::transport {
namespace {

std::vector<std::string_view> values_of(const HttpRequest& request, std::string_view name) {
  std::vector<std::string_view> values;
  for (const HttpHeader& header : request.headers)
    if (http::equals_ignoring_case(header.name, name)) values.push_back(header.value);
  return values;
}

std::string choose_subprotocol(const HttpRequest& request, std::span<const std::string> ours) {
  for (const std::string& wanted : ours)
    for (const std::string_view offered : values_of(request, "sec-websocket-protocol"))
      if (!wanted.empty() && http::list_has_token(offered, wanted)) return wanted;
  return "";
}

std::string choose_subprotocol(const HttpRequest& request, const WebSocketOptions& options,
                               const UpgradeExtras& extras) {
  if (extras.subprotocol) return choose_subprotocol(request, {&*extras.subprotocol, 1});
  return choose_subprotocol(request, options.subprotocols);
}

}  // namespace

bool are_settable(const std::vector<HttpHeader>& headers) {
  return std::ranges::all_of(headers, [](const HttpHeader& header) {
    return http::is_token(header.name) && http::is_field_value(header.value) &&
           !http::is_framing_header(header.name);
  });
}

std::variant<Upgrade, UpgradeRefusal> judge_upgrade(const HttpRequest& request,
                                                    const WebSocketOptions& options,
                                                    const UpgradeExtras& extras) {
  using Fault = UpgradeRefusal::Fault;
  if (request.method != "GET" || !request.wants_websocket)
    return UpgradeRefusal{
        426, "this path speaks WebSocket only: send a GET with Upgrade: websocket", Fault::request};
  const auto versions = values_of(request, "sec-websocket-version");
  if (versions.size() != 1 || versions[0] != "13")
    return UpgradeRefusal{426, "Sec-WebSocket-Version must be 13", Fault::version};
  const auto keys = values_of(request, "sec-websocket-key");
  if (keys.size() != 1 || !ws::is_valid_key(keys[0]))
    return UpgradeRefusal{400, "Sec-WebSocket-Key must be one base64 value of 16 bytes",
                          Fault::key};
  if (!are_settable(extras.headers))
    return UpgradeRefusal{500, "this answer had a header that is none", Fault::extras};

  Upgrade upgrade;
  if (options.compression) {
    const auto offers = values_of(request, "sec-websocket-extensions");
    upgrade.deflate = ws::negotiate_deflate(offers, {.context_takeover = options.context_takeover});
  }
  const std::string accept = ws::accept_key(keys[0]);
  const std::string extension = upgrade.deflate ? ws::format(*upgrade.deflate) : "";
  const std::string subprotocol = choose_subprotocol(request, options, extras);
  std::vector<http::HeaderView> headers{
      {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept}};
  if (!subprotocol.empty()) headers.push_back({"Sec-WebSocket-Protocol", subprotocol});
  if (upgrade.deflate) headers.push_back({"Sec-WebSocket-Extensions", extension});
  for (const HttpHeader& header : extras.headers) headers.push_back({header.name, header.value});
  upgrade.head = http::encode_response_head(101, headers).value();
  return upgrade;
}

}  // namespace weft::transport
