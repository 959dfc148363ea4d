#include "api/drain_route.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "wire/connmix/reply.hpp"

namespace weft::api {
namespace {

constexpr int kBadRequest = static_cast<int>(connmix::ErrorCode::invalid_params);
constexpr Millis kLongest = std::chrono::hours(1);

struct Asked {
  std::optional<Millis> over;  // nullopt: what the configuration says
};

/// "", {} or {"over": milliseconds}; nullopt for anything else.
std::optional<Asked> parse_drain(std::string_view body) {
  if (body.empty()) return Asked{};
  error_code error;
  const boost::json::value parsed = boost::json::parse({body.data(), body.size()}, error);
  const boost::json::object* object = error ? nullptr : parsed.if_object();
  if (!object) return std::nullopt;
  const boost::json::value* over = object->if_contains("over");
  if (!over) return Asked{};
  const auto number = over->is_number() ? over->to_number<std::int64_t>(error) : -1;
  if (error || number < 0 || Millis(number) > kLongest) return std::nullopt;
  return Asked{Millis(number)};
}

}  // namespace

void post_drain(const Call& call) {
  const auto asked = parse_drain(call.request.body);
  if (!asked)
    return call.respond(
        problem(400, R"(the body is {} or {"over": milliseconds, at most an hour})", kBadRequest));
  if (!call.options.drain) return call.respond(problem(503, "this node cannot be drained"));
  if (call.node.draining()) return call.respond(problem(409, "the node is draining already"));
  const Millis over = call.options.drain(asked->over);
  call.respond(json_response(fmt::format(R"({{"E":null,"r":{{"over":{}}}}})", over.count())));
}

}  // namespace weft::api
