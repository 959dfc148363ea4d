#include "wire/connmix/reply.hpp"

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <initializer_list>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "wire/connmix/json.hpp"

namespace weft::connmix {
namespace {

bool is_long(const Request& to) { return to.style == Style::long_keys; }

std::string join(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string out;
  out.reserve(size);
  for (const std::string_view part : parts) out += part;
  return out;
}

void append_number(std::string& out, std::integral auto number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

std::string short_result(const Request& to, std::string_view result) {
  return join({R"({"E":null,"r":)", result, R"(,"i":)", to.id, "}"});
}

/// `members`: the inside of the result object; "0" repeats it for clients that look into a list.
std::string long_result(const Request& to, std::string_view members) {
  return join(
      {R"({"error":null,"result":{)", members, R"(,"0":{)", members, R"(}},"id":)", to.id, "}"});
}

/// Stands there only when a node did not answer: connmix has no word for it.
std::string unreachable(const PublishCount& count) {
  if (count.unreachable == 0) return "";
  return fmt::format(R"(,"unreachable":{})", count.unreachable);
}

/// Event data as every client takes it: never a bare string, number or boolean.
void append_event_data(std::string& out, std::string_view data) {
  const std::size_t first = data.find_first_not_of(" \t\r\n");
  if (first == data.npos) {
    out += "null";
  } else if (data[first] == '{' || data[first] == '[' || data[first] == 'n') {
    out += data;
  } else {
    ((out += R"({"data":)") += data) += '}';
  }
}

/// What only some events carry. The names of the keys up to the value.
struct RareKeys {
  std::string_view job, attempt, died_in;
};
constexpr RareKeys kShortRare{R"(,"j":")", R"(","k":)", R"(,"dead":{"t":)"};
constexpr RareKeys kLongRare{R"(,"job":")", R"(","attempt":)", R"(,"dead":{"queue":)"};

void append_rare(std::string& out, const RareKeys& keys, const JobEvent& event) {
  if (event.job) {
    out += keys.job;
    append_number(out, event.job);
    out += keys.attempt;
    append_number(out, event.attempt);
  }
  if (event.died_in.empty()) return;
  out += keys.died_in;
  append_json(out, event.died_in);
  out += R"(,"why":)";
  append_json(out, event.died_of);
  out += '}';
}

std::string short_job(std::string_view name, const JobEvent& event) {
  std::string out;
  out.reserve(event.data.size() + event.topic.size() + event.died_of.size() + 160);
  ((out += R"({"e":")") += name) += R"(","p":{"n":)";
  append_json(out, event.node);
  out += R"(,"c":")";
  append_number(out, static_cast<std::int64_t>(event.connection));
  out += R"(","t":)";
  append_json(out, event.topic);
  out += R"(,"d":)";
  append_event_data(out, event.data);
  append_rare(out, kShortRare, event);
  return out += R"(},"id":null})";
}

std::string long_job(const JobEvent& event) {
  std::string inside = R"({"client_id":")";
  append_number(inside, static_cast<std::int64_t>(event.connection));
  inside += R"(","queue":)";
  append_json(inside, event.topic);
  inside += R"(,"data":)";
  append_event_data(inside, event.data);
  inside += R"(,"node_id":)";
  append_json(inside, event.node);
  append_rare(inside, kLongRare, event);
  inside += '}';
  return join({R"({"event":"queue.consume","result":)", inside,
               R"(,"method":"queue.pop","params":[)", inside, R"(],"id":null})"});
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
    return long_result(to, fmt::format(R"("success":true,"fail":{},"total":{}{})", count.fail,
                                       total, unreachable(count)));
  return short_result(to, fmt::format(R"({{"s":{},"f":{},"t":{}{}}})", count.success, count.fail,
                                      total, unreachable(count)));
}

std::string told_reply(const Request& to, std::string_view members) {
  if (is_long(to)) return long_result(to, members);
  return short_result(to, join({"{", members, "}"}));
}

std::string queued_reply(const Request& to, std::string_view message) {
  if (is_long(to)) return long_result(to, join({R"("success":true,"id":)", json_quote(message)}));
  return short_result(to, join({R"({"s":true,"id":)", json_quote(message), "}"}));
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
  return fmt::format(R"({{"E":null,"r":{{"s":{},"f":{}{}}}}})", count.success, count.fail,
                     unreachable(count));
}

std::string error_body(int code, std::string_view message) {
  return fmt::format(R"({{"E":{{"c":{},"m":{}}}}})", code, json_quote(message));
}

}  // namespace weft::connmix
