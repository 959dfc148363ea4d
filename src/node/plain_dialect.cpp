#include "node/plain_dialect.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "session/context.hpp"

namespace weft {
namespace {

namespace json = boost::json;

session::Context& context_in(session::Session& session) {
  return static_cast<session::Context&>(*session.attached());
}

std::string context_of(session::Session& session) {
  return session.attached() ? json::serialize(context_in(session).members) : "{}";
}

constexpr std::string_view name_of(ClosedBy by) {
  switch (by) {
    case ClosedBy::client:
      return "client";
    case ClosedBy::server:
      return "server";
    case ClosedBy::network:
      break;
  }
  return "network";
}

std::string open_event(const transport::HttpRequest* request) {
  json::object headers;
  if (request)
    for (const auto& [name, value] : request->headers) headers[name] = value;
  return fmt::format(R"({{"event":"open","headers":{}}})", json::serialize(headers));
}

std::string message_event(session::Session& session, DataType type,
                          std::span<const std::byte> payload) {
  const bool text = type == DataType::text;
  const std::string data =
      text ? json::serialize(json::string(as_text(payload))) : '"' + encode_base64(payload) + '"';
  return fmt::format(
      R"({{"event":"message","frame":{{"type":"{}","data":{},"finish":true}},"context":{}}})",
      text ? "text" : "binary", data, context_of(session));
}

std::string close_event(session::Session& session, const CloseInfo& info) {
  return fmt::format(R"({{"event":"close","code":{},"reason":{},"by":"{}","context":{}}})",
                     info.code, json::serialize(json::string(info.reason)), name_of(info.by),
                     context_of(session));
}

}  // namespace

error_code error_of(transport::SendResult result) {
  switch (result) {
    case transport::SendResult::queued:
      return {};
    case transport::SendResult::dropped:
      return NodeErrc::outbox_full;
    case transport::SendResult::closed:
      break;
  }
  return NodeErrc::no_such_connection;
}

PlainDialect::PlainDialect(Place& place, queue::Queue& queue, PlainRules rules)
    : place_(place), queue_(queue), rules_(std::move(rules)) {}

void PlainDialect::on_open(session::Session& session, session::Arrival& arrival) {
  if (!rules_.subscribe.empty()) place_.subscribe(session, rules_.subscribe);
  if (!rules_.queue.empty()) push_job(session, open_event(arrival.request), true);
}

bool PlainDialect::on_message(session::Session& session, DataType type,
                              std::span<const std::byte> payload) {
  if (rules_.echo) session.connection().send(type, payload);
  if (!rules_.queue.empty()) push_job(session, message_event(session, type, payload), true);
  return true;
}

void PlainDialect::on_close(session::Session& session, const CloseInfo& info) {
  if (!rules_.queue.empty()) push_job(session, close_event(session, info), false);
}

// What cannot be stored is not answered as if it were: the client is told and may come again.
void PlainDialect::push_job(session::Session& session, const std::string& json, bool may_close) {
  const auto done = [this, id = session.id(), may_close](const Result<std::size_t>& pushed) {
    if (!pushed) not_pushed(id, pushed.error(), may_close);
  };
  queue_.push(place_.loop(), rules_.queue, session.id(), SharedBytes::copy_of(json), done);
}

void PlainDialect::not_pushed(ConnectionId id, error_code error, bool may_close) {
  const std::string why = fmt::format("queue {}: {}", rules_.queue, error.message());
  if (!may_close) return log::warn("the close event of {} is lost: {}", to_string(id), why);
  if (session::Session* session = place_.find(id)) session->connection().close(1013, why);
}

error_code PlainDialect::push(session::Session& session, DataType type,
                              std::span<const std::byte> payload) {
  return error_of(session.connection().send(type, payload));
}

bool PlainDialect::deliver(session::Session& session, hub::Delivery& delivery) {
  return session::deliver_frame(session.connection(), delivery);
}

error_code PlainDialect::set_context(session::Session& session, const std::string& json_object) {
  boost::system::error_code bad;
  const json::value parsed = json::parse(json_object, bad);
  if (bad || !parsed.is_object()) return NodeErrc::bad_context;
  if (!session.attached()) session.attached() = std::make_shared<session::Context>();
  for (const auto& [key, value] : parsed.get_object()) context_in(session).members[key] = value;
  return {};
}

bool PlainDialect::has_context(session::Session& session, const std::string& key) {
  return session.attached() && context_in(session).members.contains(key);
}

}  // namespace weft
