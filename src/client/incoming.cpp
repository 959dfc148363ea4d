#include "client/incoming.hpp"

#include <boost/json.hpp>

#include "client/message.hpp"

namespace weft::client {
namespace {

namespace json = simdjson::ondemand;

/// Digits of a string or of a number that is not negative; 0 for everything else.
std::uint64_t number_in(json::value value) {
  if (value.type() == json::json_type::string) {
    const std::string_view digits = value.get_string();
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
  }
  if (value.type() != json::json_type::number) return 0;
  std::uint64_t number = 0;
  return value.get_uint64().get(number) ? 0 : number;
}

/// Text of a string or of a number; "" for everything else.
std::string text_in(json::value value) {
  if (value.type() == json::json_type::string)
    return std::string(std::string_view(value.get_string()));
  if (value.type() == json::json_type::number) return std::to_string(number_in(value));
  return {};
}

std::string raw_json_of(json::value value) {
  std::string_view text;
  if (value.type() == json::json_type::object) {
    json::object object = value.get_object();
    text = object.raw_json();
  } else if (value.type() == json::json_type::array) {
    json::array array = value.get_array();
    text = array.raw_json();
  } else {
    text = value.raw_json_token();  // with the blanks that follow it
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  }
  return std::string(text);
}

Event event_in(json::object params) {
  Event event;
  for (auto field : params) {
    const std::string_view key = field.unescaped_key();
    if (key == "c")
      event.client_id = ConnectionId{static_cast<std::int64_t>(number_in(field.value()))};
    if (key == "t") event.topic = text_in(field.value());
    if (key == "n") event.node = text_in(field.value());
    if (key == "j") event.job = text_in(field.value());
    if (key == "k") event.attempt = static_cast<unsigned>(number_in(field.value()));
    if (key == "d") event.data = raw_json_of(field.value());
  }
  return event;
}

/// Error numbers of the API that a program is meant to tell apart (docs/api.md).
ClientErrc meaning_of(int code) {
  if (code == 505) return ClientErrc::no_such_connection;
  return code == 506 ? ClientErrc::queue_full : ClientErrc::refused;
}

void read_error(json::value value, Reply& reply) {
  if (value.is_null()) return;
  reply.error = ClientErrc::refused;
  if (value.type() != json::json_type::object) return;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    if (key == "c") reply.code = static_cast<int>(number_in(field.value()));
    if (key == "m") reply.message = text_in(field.value());
  }
  reply.error = meaning_of(reply.code);
}

/// {"s":true}, {"s":true,"f":0,"t":1}, {"s":true,"id":"7"}, counts alone: {"s":9,"f":0}, or a list.
void read_result(json::value value, Reply& reply) {
  if (value.type() != json::json_type::object) return;
  bool yes = false, has_total = false;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::value inner = field.value();
    if (key == "s" && inner.type() == json::json_type::boolean) {
      yes = inner.get_bool();
    } else if (key == "s") {
      reply.success = number_in(inner);
    } else if (key == "id") {
      reply.id = text_in(inner);
    } else if (key == "f") {
      reply.fail = number_in(inner);
    } else if (key == "t") {
      reply.total = number_in(inner);
      has_total = true;
    } else if (key == "connections" || key == "nodes") {
      reply.list = raw_json_of(inner);
    } else if (key == "unreachable") {
      reply.unreachable = inner.type() == json::json_type::array
                              ? std::size_t(inner.count_elements())
                              : number_in(inner);
    }
  }
  if (yes) reply.success = has_total ? reply.total - std::min(reply.fail, reply.total) : 1;
  if (!has_total) reply.total = reply.success + reply.fail;
}

}  // namespace

// simdjson is used in its throwing form: one catch in each entry says what every malformed message
// is.
json::object IncomingReader::open(std::string_view text) {
  padded_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded_.assign(text);
  document_ = parser_.iterate(padded_.data(), padded_.size(), padded_.capacity());
  return document_.get_object();
}

bool IncomingReader::at_end() {
  return document_.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

Result<Incoming> IncomingReader::read(std::string_view text) try {
  Incoming incoming;
  if (text == "pong") return incoming;
  bool has_id = false, has_params = false, is_event = false;
  for (auto field : open(text)) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "e") is_event = true;
    if (key == "p" && value.type() == json::json_type::object) {
      incoming.event = event_in(value.get_object());
      has_params = true;
    }
    if (key == "E") read_error(value, incoming.answer.reply);
    if (key == "r") read_result(value, incoming.answer.reply);
    if ((key == "i" || key == "id") && value.type() == json::json_type::number) {
      incoming.answer.id = number_in(value);
      has_id = true;
    }
  }
  if (!at_end()) return ClientErrc::bad_answer;
  if (has_id) incoming.kind = Incoming::Kind::answer;
  if (is_event && has_params) incoming.kind = Incoming::Kind::event;
  return incoming;
} catch (const simdjson::simdjson_error&) {
  return ClientErrc::bad_answer;
}

Result<Event> IncomingReader::read_job(std::string_view text) try {
  Event event = event_in(open(text));
  if (!at_end()) return ClientErrc::bad_answer;
  return event;
} catch (const simdjson::simdjson_error&) {
  return ClientErrc::bad_answer;
}

Result<Message> Message::parse(std::string_view event) {
  IncomingReader reader;
  Result<Incoming> whole = reader.read(event);
  if (!whole) return whole.error();
  if (whole->kind == Incoming::Kind::event) return MessageParts::make(std::move(whole->event), {});
  Result<Event> bare = reader.read_job(event);
  if (!bare) return bare.error();
  if (bare->topic.empty() && bare->data.empty()) return ClientErrc::bad_answer;
  return MessageParts::make(std::move(*bare), {});
}

ConnectionId Message::client_id() const { return body_->event.client_id; }
std::string_view Message::topic() const { return body_->event.topic; }
std::string_view Message::data() const { return body_->event.data; }
std::string_view Message::node() const { return body_->event.node; }
std::string_view Message::job() const { return body_->event.job; }
unsigned Message::attempt() const { return body_->event.attempt; }

boost::json::value Message::json() const {
  error_code error;
  boost::json::value value = boost::json::parse(data(), error);
  return error ? nullptr : value;
}

}  // namespace weft::client
