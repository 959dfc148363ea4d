// The parameters of a request, asked for by any of the names a generation gave them, and how a
// refusal is written. Shared by the readers of this folder.
#pragma once
#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/connmix/json.hpp"
#include "wire/connmix/request.hpp"

namespace weft::connmix {

using Keys = std::initializer_list<std::string_view>;

template <class... Args>
Refused invalid(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::invalid_params, fmt::format(format, std::forward<Args>(args)...)};
}

/// Members of an object.
class Params {
 public:
  static constexpr std::size_t kMaxKeys = 32;

  Params() = default;
  explicit Params(const Json& object) : members_(object.members()) {}

  Json operator[](Keys keys) const {
    for (const std::string_view key : keys)
      for (const auto& member : members_)
        if (member.key == key) return member.value;
    return {};
  }
  bool has(Keys keys) const { return !(*this)[keys].is(Json::Kind::none); }

  /// "" when it is clear what was meant: no key stands twice, and there are no more than anyone
  /// needs.
  std::string problem() const {
    if (members_.size() > kMaxKeys) return fmt::format("an object of more than {} keys", kMaxKeys);
    for (std::size_t i = 1; i < members_.size(); ++i)
      for (std::size_t k = 0; k < i; ++k)
        if (members_[i].key == members_[k].key)
          return json_quote(members_[i].key.substr(0, 64)) + " stands there twice";
    return "";
  }

 private:
  std::vector<Json::Member> members_;
};

/// A name as text; PHP turns keys and channels of digits into numbers.
inline std::optional<std::string> name_of(const Json& value) {
  if (value.is(Json::Kind::string)) return value.string();
  if (value.is(Json::Kind::number) && value.integer()) return std::string(value.raw());
  return std::nullopt;
}

/// A list of names, or a single one. nullopt when something else is among them, or too many.
std::optional<std::vector<std::string>> names_of(const Json& value);

inline ConnectionId connection_of(const Json& value) {
  const auto number = value.integer();
  return number && *number > 0 ? ConnectionId{*number} : ConnectionId::none;
}

/// What to send: text as it is, base64 when the type says binary; other JSON goes as its own text.
struct Payload {
  DataType type = DataType::text;
  std::string data;
};
std::variant<Refused, Payload> payload_of(const Params& params);

/// A code and a reason for a close frame, of which both may be missing.
struct CloseWords {
  std::uint16_t code = 1000;
  std::string reason;
};
std::variant<Refused, CloseWords> close_words(const Json& code, const Json& reason);

/// A body of an HTTP call: an object.
template <class Read>
Method parse_body(std::string_view body, Read read) {
  if (auto problem = json_problem(body, kMaxRequestDepth); !problem.empty())
    return invalid("not JSON: {}", problem);
  const Json value(body);
  if (!value.is(Json::Kind::object))
    return invalid("the body must be an object, not {}", describe(value.kind()));
  const Params params(value);
  if (const auto problem = params.problem(); !problem.empty()) return invalid("{}", problem);
  return read(params);
}

/// user.* and mesh.broadcast, mesh.presence, mesh.nodes; nullopt: it is none of them.
std::optional<Method> read_user_method(std::string_view name, const Params& params);

/// What workers ask of queues: queue.* but for queue.message; nullopt: it is none of them.
std::optional<Method> read_queue_method(std::string_view name, const Json& params);

/// queue.message and one element of POST /v1/queue/messages.
Method read_message(const Params& params);

}  // namespace weft::connmix
