#include "storage/message_entry.hpp"

#include <simdjson.h>

#include <boost/json/basic_parser_impl.hpp>

#include "storage/row_text.hpp"

namespace weft::storage {
namespace {

constexpr std::int64_t kLongestTtl = std::int64_t{1000} * 60 * 60 * 24 * 365 * 100;  // 100 years
constexpr std::size_t kMaxName = 1024;  // bytes of an event or user

/// Hears of everything in a JSON text and keeps nothing.
struct Deaf {
  static constexpr std::size_t max_object_size = SIZE_MAX, max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX, max_string_size = SIZE_MAX;
  using Text = json::string_view;
  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t, error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(Text, std::size_t, error_code&) { return true; }
  bool on_key(Text, std::size_t, error_code&) { return true; }
  bool on_string_part(Text, std::size_t, error_code&) { return true; }
  bool on_string(Text, std::size_t, error_code&) { return true; }
  bool on_number_part(Text, error_code&) { return true; }
  bool on_int64(std::int64_t, Text, error_code&) { return true; }
  bool on_uint64(std::uint64_t, Text, error_code&) { return true; }
  bool on_double(double, Text, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(Text, error_code&) { return true; }
  bool on_comment(Text, error_code&) { return true; }
};

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName &&
         simdjson::validate_utf8(name.data(), name.size());
}

/// The value of each of our fields; null = it is not there. The last one of a name counts.
struct Known {
  std::string *connection = nullptr, *user = nullptr, *event = nullptr, *data = nullptr;
  std::string *ttl = nullptr, *id = nullptr, *why = nullptr, *attempts = nullptr;
};

Known find(std::vector<redis::Reply>& fields) {
  Known known;
  for (std::size_t at = 0; at + 1 < fields.size(); at += 2) {
    const std::string& name = fields[at].text;
    std::string* const value = &fields[at + 1].text;
    if (name == "connection") known.connection = value;
    if (name == "user") known.user = value;
    if (name == "event") known.event = value;
    if (name == "data") known.data = value;
    if (name == "ttl") known.ttl = value;
    if (name == "id") known.id = value;
    if (name == "why") known.why = value;
    if (name == "attempts") known.attempts = value;
  }
  return known;
}

/// Fills `message` as far as it can; gives what is wrong.
std::string read_target(QueuedMessage& message, const Known& known) {
  if (!known.connection == !known.user) return "exactly one of connection and user is needed";
  if (known.user) message.user = std::move(*known.user);
  if (known.user && !is_name(message.user)) return "user is not a name";
  if (known.connection) {
    const auto id = parse_connection_id(*known.connection);
    if (!id) return "connection is not an id";
    message.to = *id;
  }
  return "";
}

std::string read_content(QueuedMessage& message, const Known& known) {
  if (known.event) message.event = std::move(*known.event);
  if (!is_name(message.event)) return "event is not a name";
  if (known.data) message.data = std::move(*known.data);
  if (known.data && !is_json(message.data)) return "data is not JSON";
  return "";
}

std::string read_ttl(QueuedMessage& message, const Known& known) {
  if (!known.ttl) return "";
  const auto ttl = read_number(*known.ttl);
  if (!ttl || *ttl < 0 || *ttl > kLongestTtl) return "ttl is not a number of milliseconds";
  message.expires_at = message.queued_at + Millis(*ttl);
  return "";
}

}  // namespace

bool is_json(std::string_view text) {
  json::basic_parser<Deaf> parser{json::parse_options{}};
  error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  return !error && used == text.size() && parser.done();
}

std::optional<Time> time_of_entry(std::string_view id) {
  const std::size_t dash = id.find('-');
  if (dash == 0 || dash == std::string_view::npos) return std::nullopt;
  const auto millis = read_number(id.substr(0, dash)), number = read_number(id.substr(dash + 1));
  if (!millis || !number || *millis < 0 || *number < 0) return std::nullopt;
  return from_millis(std::min(*millis, kLongestTtl));
}

ParsedEntry parse_entry(std::string id, std::vector<redis::Reply> fields) {
  ParsedEntry entry;
  entry.message.queued_at = time_of_entry(id).value_or(Time{});
  entry.message.id = std::move(id);
  const Known known = find(fields);
  for (const auto read : {read_target, read_content, read_ttl})
    if (entry.problem.empty()) entry.problem = read(entry.message, known);
  return entry;
}

QueuedMessage parse_dead_letter(std::vector<redis::Reply> fields) {
  QueuedMessage message;
  const Known known = find(fields);
  if (known.id) message.id = std::move(*known.id);
  message.queued_at = time_of_entry(message.id).value_or(Time{});
  if (known.connection)
    message.to = parse_connection_id(*known.connection).value_or(ConnectionId::none);
  if (known.user) message.user = std::move(*known.user);
  if (known.event) message.event = std::move(*known.event);
  if (known.data) message.data = std::move(*known.data);
  if (known.why) message.why = std::move(*known.why);
  read_ttl(message, known);
  if (known.attempts)
    if (const auto attempts = read_number(*known.attempts))
      message.attempts = static_cast<unsigned>(*attempts);
  return message;
}

std::vector<std::string> entry_of(QueuedMessage message, Time now) {
  std::vector<std::string> fields;
  const auto add = [&](const char* name, std::string value) {
    fields.emplace_back(name);
    fields.push_back(std::move(value));
  };
  if (message.user.empty())
    add("connection", to_string(message.to));
  else
    add("user", std::move(message.user));
  add("event", std::move(message.event));
  if (message.data != "null") add("data", std::move(message.data));
  if (message.expires_at) {
    const std::int64_t ttl = to_millis(*message.expires_at) - to_millis(now);
    add("ttl", std::to_string(std::clamp<std::int64_t>(ttl, 0, kLongestTtl)));
  }
  return fields;
}

}  // namespace weft::storage
