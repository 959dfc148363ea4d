#include "driver/nats/jetstream.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <ctime>

namespace weft::nats {
namespace {

namespace json = boost::json;

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && stop == text.data() + text.size();
}

}  // namespace

//   $JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<in consumer>.<time>.<pending>
//   $JS.ACK.<domain>.<account>.<the same> and perhaps more, from newer servers
std::optional<Delivered> parse_delivered(std::string_view reply) {
  constexpr std::string_view kPrefix = "$JS.ACK.";
  if (!reply.starts_with(kPrefix)) return std::nullopt;
  reply.remove_prefix(kPrefix.size());
  std::array<std::string_view, 12> tokens;
  std::size_t count = 0;
  for (std::size_t end = 0; count < tokens.size() && end != std::string_view::npos;) {
    end = reply.find('.');
    tokens[count++] = reply.substr(0, end);
    if (end != std::string_view::npos) reply.remove_prefix(end + 1);
  }
  if (count != 7 && count < 9) return std::nullopt;
  const std::size_t first = count == 7 ? 0 : 2;
  Delivered made;
  made.stream = tokens[first];
  made.consumer = tokens[first + 1];
  const bool is_good = read_number(tokens[first + 2], made.attempt) &&
                       read_number(tokens[first + 3], made.sequence) &&
                       read_number(tokens[first + 4], made.in_consumer) &&
                       read_number(tokens[first + 5], made.stored_ns) &&
                       read_number(tokens[first + 6], made.pending);
  return is_good ? std::optional(made) : std::nullopt;
}

JsAnswer parse_js_answer(std::string_view text) {
  JsAnswer answer;
  error_code bad;
  json::value value = json::parse(text, bad);
  if (bad || !value.is_object()) {
    answer.error = -1;
    answer.text = "what came is no JSON object";
    return answer;
  }
  answer.object = std::move(value.as_object());
  const json::object& error = object_in(answer.object, "error");
  if (error.empty()) return answer;
  const std::uint64_t specific = number_in(error, "err_code");
  answer.error = static_cast<int>(specific ? specific : number_in(error, "code"));
  if (answer.error == 0) answer.error = -1;
  const json::value* const description = error.if_contains("description");
  if (description && description->is_string()) answer.text = description->as_string();
  return answer;
}

std::uint64_t number_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (!value) return 0;
  if (value->is_uint64()) return value->as_uint64();
  return value->is_int64() && value->as_int64() > 0 ? static_cast<std::uint64_t>(value->as_int64())
                                                    : 0;
}

const json::object& object_in(const json::object& object, std::string_view name) {
  static const json::object empty;
  const json::value* const value = object.if_contains(name);
  return value && value->is_object() ? value->as_object() : empty;
}

Task<Result<JsAnswer>> js_call(NatsClient& client, std::string call, json::object request,
                               std::chrono::milliseconds timeout) {
  std::string bytes = request.empty() ? std::string() : json::serialize(request);
  std::string subject = "$JS.API." + call;
  Headers none;
  Result<Message> message =
      co_await client.request(std::move(subject), std::move(bytes), std::move(none), timeout);
  if (!message) co_return message.error();
  co_return parse_js_answer(message->text());
}

std::int64_t parse_js_time(std::string_view text) {
  if (text.size() < 20 || text.back() != 'Z') return 0;
  std::tm time{};
  const std::string seconds(text.substr(0, 19));
  const char* const stop = ::strptime(seconds.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (!stop || *stop) return 0;
  std::int64_t fraction = 0, unit = 1'000'000'000;
  if (text[19] == '.') {
    for (const char digit : text.substr(20, text.size() - 21)) {
      if (digit < '0' || digit > '9' || unit == 1) return 0;
      fraction = fraction * 10 + (digit - '0');
      unit /= 10;
    }
  }
  return static_cast<std::int64_t>(::timegm(&time)) * 1'000'000'000 + fraction * unit;
}

}  // namespace weft::nats
