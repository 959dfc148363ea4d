#include "wire/connmix/request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.hpp"
#include "wire/connmix/json.hpp"
#include "wire/connmix/params.hpp"
#include "wire/connmix/usual_send.hpp"

namespace weft::connmix {
namespace {

using Kind = Json::Kind;

constexpr std::string_view kMethods =
    "queue.pop, queue.consume, queue.unpop, queue.unconsume, queue.ack, queue.working, queue.nack, "
    "queue.dead, queue.push, queue.message, mesh.send, mesh.publish, "
    "mesh.subscribe, mesh.unsubscribe, mesh.broadcast, mesh.presence, mesh.nodes, user.send, "
    "user.kick, user.bind, user.unbind, user.connections, conn.call, server.ping";
constexpr std::size_t kMaxNames = 1000;

/// Generation 0 and some documents draw parameters as a list holding one object.
Json unwrap(const Json& params) {
  if (!params.is(Kind::list)) return params;
  const auto elements = params.elements();
  return elements.size() == 1 && elements[0].is(Kind::object) ? elements[0] : params;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Method publish_to(const Json& channel, const Params& params) {
  auto name = name_of(channel);
  if (!name || name->empty())
    return invalid("channel (c) must be a name, not {}", describe(channel.kind()));
  auto payload = payload_of(params);
  if (auto* refused = std::get_if<Refused>(&payload)) return std::move(*refused);
  auto& [type, data] = std::get<Payload>(payload);
  return Publish{std::move(*name), type, std::move(data)};
}

Method read_publish(const Params& params) { return publish_to(params[{"channel", "c"}], params); }

/// mesh.send reaches a connection, unless it names a channel: every synchronous PHP client
/// publishes so.
Method read_send(const Params& params) {
  if (params.has({"channel"}) && !params.has({"client_id"}))
    return publish_to(params[{"channel"}], params);
  const Json target = params[{"client_id", "c"}];
  if (target.is(Kind::none)) return invalid("client_id (c) is missing");
  std::string text = target.string();
  if (target.is(Kind::string) && !text.empty() && !is_digits(text) && !params.has({"client_id"}))
    return publish_to(target, params);
  const ConnectionId to = connection_of(target);
  const bool maybe_channel = target.is(Kind::string) && !params.has({"client_id"});
  if (to == ConnectionId::none) {
    if (maybe_channel && is_digits(text)) return publish_to(target, params);
    return invalid("client_id (c) must be a positive integer, not {}", target.raw().substr(0, 40));
  }
  auto payload = payload_of(params);
  if (auto* refused = std::get_if<Refused>(&payload)) return std::move(*refused);
  auto& [type, data] = std::get<Payload>(payload);
  return Send{to, type, std::move(data), maybe_channel ? std::move(text) : ""};
}

Method read_watch(const Json& value) {
  auto names = names_of(value.is(Kind::object) ? Params(value)[{"channels", "c"}] : value);
  if (!names || names->empty())
    return invalid("channels must be a list of names, for example [\"room_1\"]");
  return Watch{std::move(*names)};
}

Method close_of(ConnectionId who, const Json& code, const Json& reason) {
  auto words = close_words(code, reason);
  if (auto* refused = std::get_if<Refused>(&words)) return std::move(*refused);
  auto& [number, text] = std::get<CloseWords>(words);
  return Close{who, number, std::move(text)};
}

Method read_close(const Params& params) {
  const ConnectionId who = connection_of(params[{"client_id", "c"}]);
  if (who == ConnectionId::none) return invalid("client_id (c) must be a positive integer");
  return close_of(who, params[{"code"}], params[{"reason"}]);
}

Method set_context(ConnectionId of, const Json& args) {
  const auto elements = args.elements();
  const Json object = args.is(Kind::object) ? args : elements.empty() ? Json() : elements[0];
  if (object.is(Kind::object)) return SetContext{of, std::string(object.raw())};
  if (object.is(Kind::list) && object.elements().empty())
    return SetContext{of, "{}"};  // PHP's empty array
  return invalid("set_context takes one object, for example [{{\"user_id\":1}}]");
}

Method set_context_value(ConnectionId of, const Json& args) {
  const auto elements = args.elements();
  if (args.is(Kind::object) || elements.size() == 1) return set_context(of, args);
  const auto key = elements.size() == 2 ? name_of(elements[0]) : std::nullopt;
  if (!key) return invalid("set_context_value takes [key, value] or {{key: value}}");
  return SetContext{of, fmt::format("{{{}:{}}}", json_quote(*key), elements[1].raw())};
}

/// [], [code] or [code, reason]
Method call_close(ConnectionId who, const Json& args) {
  const auto elements = args.elements();
  return close_of(who, elements.size() > 0 ? elements[0] : Json(),
                  elements.size() > 1 ? elements[1] : Json());
}

Method read_call(const Params& params) {
  const Json function = params[{"func", "method", "f"}], args = params[{"args", "params", "a"}];
  const ConnectionId id = connection_of(params[{"client_id", "c"}]);
  if (id == ConnectionId::none) return invalid("client_id (c) must be a positive integer");
  const std::string name = function.string();
  if (name.empty()) return invalid("func (f) must be the name of a function");
  if (name == "set_context") return set_context(id, args);
  if (name == "set_context_value") return set_context_value(id, args);
  if (name == "subscribe" || name == "unsubscribe") {
    auto channels = names_of(args);
    if (!channels || channels->empty()) return invalid("{} takes a list of channel names", name);
    if (name == "subscribe") return Subscribe{id, std::move(*channels)};
    return Unsubscribe{id, std::move(*channels)};
  }
  if (name == "close") return call_close(id, args);
  return Refused{ErrorCode::call_failed,
                 fmt::format("no function {} (there are set_context, set_context_value, subscribe, "
                             "unsubscribe, close)",
                             json_quote(name.substr(0, 64)))};
}

Method read_method(std::string_view name, const Json& params) {
  const Params object(params);
  if (const auto problem = object.problem(); !problem.empty()) return invalid("{}", problem);
  if (auto method = read_queue_method(name, params)) return std::move(*method);
  if (name == "mesh.subscribe") return read_watch(params);
  if (name == "mesh.unsubscribe") return Unwatch{};
  if (name == "server.ping") return Ping{};
  if (auto method = read_user_method(name, object)) return std::move(*method);

  const bool known = name == "mesh.send" || name == "mesh.publish" || name == "conn.call" ||
                     name == "queue.message";
  if (!known)
    return invalid("no method {} (there are {})", json_quote(name.substr(0, 64)), kMethods);
  if (!params.is(Kind::object))
    return invalid("{} takes an object as params (p), not {}", name, describe(params.kind()));
  if (name == "mesh.send") return read_send(object);
  if (name == "mesh.publish") return read_publish(object);
  if (name == "queue.message") return read_message(object);
  return read_call(object);
}

}  // namespace

std::optional<std::vector<std::string>> names_of(const Json& value) {
  std::vector<std::string> names;
  const std::vector<Json> elements =
      value.is(Kind::list) ? value.elements() : std::vector<Json>{value};
  if (elements.size() > kMaxNames) return std::nullopt;
  for (const Json& element : elements) {
    const auto name = name_of(element);
    if (!name) return std::nullopt;
    if (std::ranges::find(names, *name) == names.end()) names.push_back(*name);
  }
  return names;
}

std::variant<Refused, Payload> payload_of(const Params& params) {
  const Json data = params[{"data", "d"}], type = params[{"type", "t"}];
  if (data.is(Kind::none) || data.is(Kind::null)) return invalid("data (d) is missing");
  const std::string name = type.is(Kind::none) || type.is(Kind::null) ? "text" : type.string();
  if (name == "text")
    return Payload{DataType::text, data.is(Kind::string) ? data.string() : std::string(data.raw())};
  if (name != "binary")
    return invalid("type (t) must be \"text\" or \"binary\", not {}", type.raw().substr(0, 40));
  auto bytes = data.is(Kind::string) ? decode_base64(data.string()) : std::nullopt;
  if (!bytes) return invalid("data (d) of type binary must be base64");
  return Payload{DataType::binary, std::move(*bytes)};
}

std::variant<Refused, CloseWords> close_words(const Json& code, const Json& reason) {
  CloseWords words;
  if (!code.is(Kind::none)) {
    const auto number = code.integer();
    if (!number || (*number != 1000 && (*number < 3000 || *number > 4999)))
      return invalid("code must be 1000 or 3000 to 4999");
    words.code = static_cast<std::uint16_t>(*number);
  }
  if (!reason.is(Kind::none) && !reason.is(Kind::null)) {
    if (!reason.is(Kind::string) || reason.string().size() > 123)
      return invalid("reason must be text of at most 123 bytes");
    words.reason = reason.string();
  }
  return words;
}

Request parse_request(std::string_view text, Style fallback) {
  if (auto usual = read_usual_send(text)) return *std::move(usual);
  Request request;
  request.style = fallback;
  if (auto problem = json_problem(text, kMaxRequestDepth); !problem.empty()) {
    request.method = invalid("not JSON: {}", problem);
    return request;
  }
  const Json message(text);
  const Params envelope(message);
  if (envelope.has({"m"}))
    request.style = Style::short_keys;
  else if (envelope.has({"method"}))
    request.style = Style::long_keys;
  if (const Json id = envelope[{"i", "id"}]; !id.is(Kind::none)) request.id = id.raw();

  const Json method = envelope[{"m", "method"}];
  if (!message.is(Kind::object)) {
    request.method = invalid("a request must be an object, not {}", describe(message.kind()));
  } else if (const auto problem = envelope.problem(); !problem.empty()) {
    request.method = invalid("{}", problem);
  } else if (!method.is(Kind::string)) {
    request.method =
        invalid("method (m) must be the name of a method, not {}", describe(method.kind()));
  } else {
    request.method = read_method(method.string(), unwrap(envelope[{"p", "params"}]));
  }
  return request;
}

Method parse_send(std::string_view body) { return parse_body(body, read_send); }
Method parse_publish(std::string_view body) { return parse_body(body, read_publish); }
Method parse_close(std::string_view body) { return parse_body(body, read_close); }

}  // namespace weft::connmix
