#include "client/request.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "base/base64.hpp"
#include "base/bytes.hpp"

namespace weft::client {

Value::Value(double value) : text_("null") {
  if (!std::isfinite(value)) return;
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.assign(digits.data(), end);
}

Value::Value(std::string_view text) { request::append_string(text_, text); }

Value Value::json(std::string json) {
  Value value;
  value.text_ = std::move(json);
  return value;
}

namespace request {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr bool needs_escape(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

void append_list(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (const std::string& text : texts) {
    if (&text != &texts.front()) out += ',';
    append_string(out, text);
  }
  out += ']';
}

std::string open(std::string_view method, std::size_t room) {
  std::string out;
  out.reserve(method.size() + room + 64);
  out += R"({"m":")";
  out += method;
  out += R"(","p":)";
  return out;
}

/// Room for `more` bytes behind it.
std::string of_job(std::string_view method, std::string_view job, std::size_t more = 0) {
  std::string out = open(method, job.size() + more);
  out += R"({"j":)";
  append_string(out, job);
  return out;
}

void append_why(std::string& out, std::string_view why) {
  if (why.empty()) return;
  out += R"(,"why":)";
  append_string(out, why);
}

/// One member of the parameters; `before` is all that stands before its value.
void append_member(std::string& out, std::string_view before, std::string_view text) {
  out += before;
  append_string(out, text);
}

/// {"c":..,"d":..}: a message to a connection, a channel or a user, or without target to everybody.
/// `before` is what stands before the target.
std::string deliver(std::string_view method, std::string_view target, std::string_view data,
                    DataType type, std::string_view before = R"({"c":)") {
  std::string out = open(method, target.size() + data.size() + data.size() / 8);
  if (!target.empty()) append_member(out, before, target);
  out += target.empty() ? R"({"d":)" : R"(,"d":)";
  if (type == DataType::text) {
    append_string(out, data);
    return out += '}';
  }
  out += '"';
  out += encode_base64(as_bytes(data));
  return out += R"(","t":"binary"})";
}

/// queue.message: `target` is {"c":"7" or {"u":"ann" already.
std::string add(std::string target, std::string_view event, const Value& data,
                std::chrono::milliseconds ttl) {
  std::string out = open("queue.message", target.size() + event.size() + data.text().size());
  out += target;
  out += R"(,"e":)";
  append_string(out, event);
  out += R"(,"d":)";
  out += data.text();
  if (ttl.count()) out += R"(,"ttl":)" + std::to_string(ttl.count());
  return out += '}';
}

std::string open_call(ConnectionId id, std::string_view function) {
  std::string out = open("conn.call", 96);
  out += R"({"c":")";
  out += to_string(id);
  out += R"(","f":")";
  out += function;
  return out += R"(","a":)";
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t clean = 0;  // everything before it is written
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!needs_escape(text[at])) continue;
    out.append(text, clean, at - clean);
    append_escape(out, text[at]);
    clean = at + 1;
  }
  out.append(text, clean);
  out += '"';
}

std::string send(ConnectionId to, std::string_view data, DataType type) {
  return deliver("mesh.send", to_string(to), data, type);
}

std::string publish(std::string_view channel, std::string_view data, DataType type) {
  return deliver("mesh.publish", channel, data, type);
}

std::string subscribe(ConnectionId id, const std::vector<std::string>& channels) {
  std::string out = open_call(id, "subscribe");
  append_list(out, channels);
  return out += '}';
}

std::string unsubscribe(ConnectionId id, const std::vector<std::string>& channels) {
  std::string out = open_call(id, "unsubscribe");
  append_list(out, channels);
  return out += '}';
}

std::string set_context(ConnectionId id, const Context& context) {
  std::string out = open_call(id, "set_context");
  out += "[{";
  for (const auto& [key, value] : context) {
    if (&key != &context.front().first) out += ',';
    append_string(out, key);
    out += ':';
    out += value.text();
  }
  return out += "}]}";
}

std::string set_context_value(ConnectionId id, std::string_view key, const Value& value) {
  std::string out = open_call(id, "set_context_value");
  out += '[';
  append_string(out, key);
  out += ',';
  out += value.text();
  return out += "]}";
}

std::string send_user(std::string_view user, std::string_view data, DataType type) {
  return deliver("user.send", user, data, type, R"({"u":)");
}

std::string send_all(std::string_view data, DataType type) {
  return deliver("mesh.broadcast", "", data, type);
}

std::string kick(std::string_view user, std::uint16_t code, std::string_view reason) {
  std::string out = open("user.kick", user.size() + reason.size());
  append_member(out, R"({"u":)", user);
  out += R"(,"code":)" + std::to_string(code);
  append_member(out, R"(,"reason":)", reason);
  return out += '}';
}

std::string bind(ConnectionId id, std::string_view user, OtherConnections others) {
  std::string out = open("user.bind", user.size());
  append_member(out, R"({"c":)", to_string(id));
  append_member(out, R"(,"u":)", user);
  if (others == OtherConnections::close) out += R"(,"only":"close")";
  if (others == OtherConnections::unbind) out += R"(,"only":"unbind")";
  return out += '}';
}

std::string unbind(ConnectionId id, std::string_view user) {
  std::string out = open("user.unbind", user.size());
  append_member(out, R"({"c":)", to_string(id));
  if (!user.empty()) append_member(out, R"(,"u":)", user);
  return out += '}';
}

std::string presence(std::string_view channel) {
  std::string out = open("mesh.presence", channel.size());
  append_member(out, R"({"c":)", channel);
  return out += '}';
}

std::string connections(std::string_view user) {
  std::string out = open("user.connections", user.size());
  append_member(out, R"({"u":)", user);
  return out += '}';
}

std::string nodes() { return open("mesh.nodes", 0) += "{}"; }

std::string add_message(ConnectionId to, std::string_view event, const Value& data,
                        std::chrono::milliseconds ttl) {
  return add(R"({"c":")" + to_string(to) + '"', event, data, ttl);
}

std::string add_user_message(std::string_view user, std::string_view event, const Value& data,
                             std::chrono::milliseconds ttl) {
  std::string target = R"({"u":)";
  append_string(target, user);
  return add(std::move(target), event, data, ttl);
}

std::string push(std::string_view topic, const Value& data) {
  std::string out = open("queue.push", topic.size() + data.text().size());
  append_member(out, R"({"t":)", topic);
  out += R"(,"d":)";
  out += data.text();
  return out += '}';
}

std::string consume(const std::vector<std::string>& topics, ConsumeOptions options) {
  std::string out = open("queue.pop", 64);
  out += R"({"t":)";
  append_list(out, topics);
  if (options.ack) out += R"(,"ack":true,"prefetch":)" + std::to_string(options.prefetch);
  return out += '}';
}

std::string unconsume() { return open("queue.unpop", 0) += "{}"; }

std::string ack(std::string_view job) { return of_job("queue.ack", job) += '}'; }
std::string working(std::string_view job) { return of_job("queue.working", job) += '}'; }

std::string nack(std::string_view job, std::chrono::milliseconds delay, std::string_view why) {
  std::string out = of_job("queue.nack", job, why.size());
  out += R"(,"delay":)" + std::to_string(delay.count());
  append_why(out, why);
  return out += '}';
}

std::string dead(std::string_view job, std::string_view why) {
  std::string out = of_job("queue.dead", job, why.size());
  append_why(out, why);
  return out += '}';
}

void finish(std::string& request, std::uint64_t id) {
  request += R"(,"i":)";
  request += std::to_string(id);
  request += '}';
}

}  // namespace request
}  // namespace weft::client
