// What workers and HTTP programs ask about users, everybody, and who is where.
#include "wire/connmix/params.hpp"

namespace weft::connmix {
namespace {

using Kind = Json::Kind;

std::optional<std::string> user_in(const Params& params) {
  auto name = name_of(params[{"user", "u"}]);
  return name && !name->empty() ? name : std::nullopt;
}

Method send_to_user(std::string user, const Params& params) {
  auto payload = payload_of(params);
  if (auto* refused = std::get_if<Refused>(&payload)) return std::move(*refused);
  auto& [type, data] = std::get<Payload>(payload);
  return SendUser{std::move(user), type, std::move(data)};
}

Method kick_user(std::string user, const Params& params) {
  auto words = close_words(params[{"code"}], params[{"reason"}]);
  if (auto* refused = std::get_if<Refused>(&words)) return std::move(*refused);
  auto& [code, reason] = std::get<CloseWords>(words);
  return KickUser{std::move(user), code, std::move(reason)};
}

Method bind_user(std::string user, const Params& params) {
  BindUser bind{connection_of(params[{"client_id", "c"}]), std::move(user)};
  if (bind.who == ConnectionId::none) return invalid("client_id (c) must be a positive integer");
  const Json only = params[{"only"}];
  const auto yes = only.boolean();
  if (only.is(Kind::none) || (yes && !*yes)) return bind;
  const bool unbinds = only.string() == "unbind";
  if (!yes && !unbinds && only.string() != "close")
    return invalid("only must be true, false, \"close\" or \"unbind\", not {}",
                   only.raw().substr(0, 40));
  bind.others = unbinds ? OtherConnections::unbind : OtherConnections::close;
  return bind;
}

Method unbind_user(std::string user, const Params& params) {
  const ConnectionId who = connection_of(params[{"client_id", "c"}]);
  if (who == ConnectionId::none) return invalid("client_id (c) must be a positive integer");
  return UnbindUser{who, std::move(user)};
}

Method broadcast(const Params& params) {
  auto payload = payload_of(params);
  if (auto* refused = std::get_if<Refused>(&payload)) return std::move(*refused);
  auto& [type, data] = std::get<Payload>(payload);
  return Broadcast{type, std::move(data)};
}

Method ask_presence(const Params& params) {
  auto name = name_of(params[{"channel", "c"}]);
  if (!name || name->empty()) return invalid("channel (c) must be a name");
  return AskPresence{std::move(*name)};
}

Method ask_user(std::string user, const Params& /*params*/) { return AskUser{std::move(user)}; }

struct UserMethod {
  std::string_view name;
  Method (*read)(std::string user, const Params& params);
};
constexpr UserMethod kUserMethods[] = {{"user.send", send_to_user},
                                       {"user.kick", kick_user},
                                       {"user.bind", bind_user},
                                       {"user.connections", ask_user}};

}  // namespace

std::optional<Method> read_user_method(std::string_view name, const Params& params) {
  if (name == "mesh.broadcast") return broadcast(params);
  if (name == "mesh.presence") return ask_presence(params);
  if (name == "mesh.nodes") return AskNodes{};
  if (name == "user.unbind") return unbind_user(user_in(params).value_or(""), params);
  for (const UserMethod& method : kUserMethods) {
    if (method.name != name) continue;
    auto user = user_in(params);
    if (!user) return invalid("user (u) must be a name");
    return method.read(std::move(*user), params);
  }
  return std::nullopt;
}

Method parse_broadcast(std::string_view body) { return parse_body(body, broadcast); }

Method parse_user_send(std::string_view body, std::string_view user) {
  return parse_body(body, [&](const Params& p) { return send_to_user(std::string(user), p); });
}

Method parse_user_kick(std::string_view body, std::string_view user) {
  return parse_body(body.empty() ? "{}" : body,
                    [&](const Params& p) { return kick_user(std::string(user), p); });
}

Method parse_user_bind(std::string_view body, std::string_view user) {
  return parse_body(body, [&](const Params& p) { return bind_user(std::string(user), p); });
}

Method parse_user_unbind(std::string_view body, std::string_view user) {
  return parse_body(body, [&](const Params& p) { return unbind_user(std::string(user), p); });
}

}  // namespace weft::connmix
