// Messages for the message queue, as workers and HTTP programs write them.
#include "wire/connmix/params.hpp"

namespace weft::connmix {
namespace {

using Kind = Json::Kind;

constexpr std::size_t kMaxName = 200;  // bytes of a user's or event's name
constexpr std::int64_t kMaxTtl = std::int64_t{30} * 86'400'000;  // milliseconds

std::optional<std::string> short_name(const Json& value) {
  auto name = name_of(value);
  if (!name || name->empty() || name->size() > kMaxName) return std::nullopt;
  return name;
}

bool is_absent(const Json& value) { return value.is(Kind::none) || value.is(Kind::null); }

}  // namespace

Method read_message(const Params& params) {
  const Json connection = params[{"connection", "client_id", "c"}], user = params[{"user", "u"}];
  const Json data = params[{"data", "d"}], ttl = params[{"ttl"}];
  if (is_absent(connection) == is_absent(user))
    return invalid("say either connection (c), the id of one, or user (u), a name");
  AddMessage message;
  if (!is_absent(connection)) {
    message.to = connection_of(connection);
    if (message.to == ConnectionId::none)
      return invalid("connection (c) must be a positive integer, not {}",
                     connection.raw().substr(0, 40));
  } else {
    auto name = short_name(user);
    if (!name) return invalid("user (u) must be a name of 1 to {} bytes", kMaxName);
    message.user = std::move(*name);
  }
  auto event = short_name(params[{"event", "e"}]);
  if (!event) return invalid("event (e) must be a name of 1 to {} bytes", kMaxName);
  message.event = std::move(*event);
  if (!data.is(Kind::none)) message.data = data.raw();
  if (const auto problem = json_problem(message.data, kMaxMessageDepth); !problem.empty())
    return invalid("data (d): {}", problem);
  if (is_absent(ttl)) return message;
  const auto millis = ttl.integer();
  if (!millis || *millis < 0 || *millis > kMaxTtl)
    return invalid("ttl must be 0 to {} milliseconds; 0 = no end", kMaxTtl);
  message.ttl = std::chrono::milliseconds(*millis);
  return message;
}

std::variant<Refused, MessageList> parse_messages(std::string_view body) {
  if (auto problem = json_problem(body, kMaxRequestDepth); !problem.empty())
    return invalid("not JSON: {}", problem);
  const Json value(body);
  const Params whole(value);
  if (!value.is(Kind::object))
    return invalid("the body must be an object, not {}: one message, or {{\"messages\":[...]}}",
                   describe(value.kind()));
  if (const auto problem = whole.problem(); !problem.empty()) return invalid("{}", problem);
  MessageList list;
  list.is_list = whole.has({"messages"});
  const Json messages = whole[{"messages"}];
  if (list.is_list && !messages.is(Kind::list))
    return invalid("messages must be a list, not {}", describe(messages.kind()));
  const auto elements = list.is_list ? messages.elements() : std::vector<Json>{value};
  if (elements.size() > kMaxMessages)
    return invalid("messages: at most {} in one call, not {}", kMaxMessages, elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Params params(elements[i]);
    const auto problem = elements[i].is(Kind::object) ? params.problem() : "not an object";
    Method method = problem.empty() ? read_message(params) : invalid("{}", problem);
    if (auto* refused = std::get_if<Refused>(&method))
      return list.is_list ? invalid("messages[{}]: {}", i, refused->message) : std::move(*refused);
    list.messages.push_back(std::get<AddMessage>(std::move(method)));
  }
  return list;
}

}  // namespace weft::connmix
