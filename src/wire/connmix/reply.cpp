#include "wire/connmix/reply.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "wire/connmix/json.hpp"

namespace weft::connmix {
namespace {

bool is_long(const Request& to) { return to.style == Style::long_keys; }

std::string short_result(const Request& to, std::string_view result) {
  return fmt::format(R"({{"E":null,"r":{},"i":{}}})", result, to.id);
}

/// `members`: the inside of the result object; "0" repeats it for clients that look into a list.
std::string long_result(const Request& to, std::string_view members) {
  return fmt::format(R"({{"error":null,"result":{{{0},"0":{{{0}}}}},"id":{1}}})", members, to.id);
}

/// Event data as every client takes it: never a bare string, number or boolean.
std::string event_data(std::string_view data) {
  const std::size_t first = data.find_first_not_of(" \t\r\n");
  if (first == data.npos) return "null";
  if (data[first] == '{' || data[first] == '[' || data[first] == 'n') return std::string(data);
  return fmt::format(R"({{"data":{}}})", data);
}

std::string short_job(std::string_view name, const JobEvent& event) {
  std::string out =
      fmt::format(R"({{"e":"{}","p":{{"n":{},"c":"{}","t":{},"d":{})", name, json_quote(event.node),
                  to_string(event.connection), json_quote(event.topic), event_data(event.data));
  if (event.job) out += fmt::format(R"(,"j":"{}","k":{})", event.job, event.attempt);
  if (!event.died_in.empty())
    out += fmt::format(R"(,"dead":{{"t":{},"why":{}}})", json_quote(event.died_in),
                       json_quote(event.died_of));
  return out += R"(},"id":null})";
}

std::string long_job(const JobEvent& event) {
  std::string inside = fmt::format(R"({{"client_id":"{}","queue":{},"data":{},"node_id":{})",
                                   to_string(event.connection), json_quote(event.topic),
                                   event_data(event.data), json_quote(event.node));
  if (event.job) inside += fmt::format(R"(,"job":"{}","attempt":{})", event.job, event.attempt);
  if (!event.died_in.empty())
    inside += fmt::format(R"(,"dead":{{"queue":{},"why":{}}})", json_quote(event.died_in),
                          json_quote(event.died_of));
  inside += '}';
  return fmt::format(
      R"({{"event":"queue.consume","result":{0},"method":"queue.pop","params":[{0}],"id":null}})",
      inside);
}

}  // namespace

std::string ok_reply(const Request& to) {
  return is_long(to) ? long_result(to, R"("success":true)") : short_result(to, R"({"s":true})");
}

std::string sent_reply(const Request& to) {
  return is_long(to) ? long_result(to, R"("success":true,"fail":0,"total":1)")
                     : short_result(to, R"({"s":true,"f":0,"t":1})");
}

std::string published_reply(const Request& to, PublishCount count) {
  const std::size_t total = count.success + count.fail;
  if (is_long(to))
    return long_result(to,
                       fmt::format(R"("success":true,"fail":{},"total":{})", count.fail, total));
  return short_result(to,
                      fmt::format(R"({{"s":{},"f":{},"t":{}}})", count.success, count.fail, total));
}

std::string pong_reply(const Request& to) {
  if (is_long(to))
    return fmt::format(R"({{"error":null,"result":{{"status":"server.pong","0":"pong"}},"id":{}}})",
                       to.id);
  return short_result(to, R"({"s":"server.pong","m":"server.pong"})");
}

std::string error_reply(const Request& to, ErrorCode code, std::string_view message) {
  const auto number = static_cast<int>(code);
  if (is_long(to))
    return fmt::format(R"({{"error":{{"code":{},"message":{}}},"id":{}}})", number,
                       json_quote(message), to.id);
  return fmt::format(R"({{"E":{{"c":{},"m":{}}},"i":{}}})", number, json_quote(message), to.id);
}

EventStyle event_style(Style style, const Consume& consume) {
  if (style == Style::long_keys) return EventStyle::long_consume;
  return consume.pop ? EventStyle::short_pop : EventStyle::short_consume;
}

std::string job_event(EventStyle style, const JobEvent& event) {
  if (style == EventStyle::long_consume) return long_job(event);
  return short_job(style == EventStyle::short_pop ? "queue.pop" : "queue.consume", event);
}

std::string publication_event(Style style, std::string_view channel, DataType type,
                              std::string_view data) {
  const bool binary = type == DataType::binary;
  const std::string text = json_quote(binary ? encode_base64(as_bytes(data)) : data);
  const std::string name = json_quote(channel);
  if (style == Style::long_keys)
    return fmt::format(R"({{"event":"publish","result":{{"channel":{},"data":{}{}}},"id":null}})",
                       name, text, binary ? R"(,"type":"binary")" : "");
  return fmt::format(R"({{"e":"publish","p":{{"c":{},"d":{}{}}}}})", name, text,
                     binary ? R"(,"t":"binary")" : "");
}

std::string sent_body() { return R"({"E":null,"r":{"s":true}})"; }

std::string published_body(PublishCount count) {
  return fmt::format(R"({{"E":null,"r":{{"s":{},"f":{}}}}})", count.success, count.fail);
}

std::string error_body(int code, std::string_view message) {
  return fmt::format(R"({{"E":{{"c":{},"m":{}}}}})", code, json_quote(message));
}

}  // namespace weft::connmix
