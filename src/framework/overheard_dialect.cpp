#include "framework/overheard_dialect.hpp"

#include <boost/json/serialize.hpp>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "session/session.hpp"

namespace weft::framework {

OverheardDialect::OverheardDialect(std::unique_ptr<session::Dialect> inner, std::string node,
                                   Place& place, RoutedEvents& routed)
    : inner_(std::move(inner)), node_(std::move(node)), place_(place), routed_(routed) {
  set_path(inner_->path());
}

bool OverheardDialect::on_message(session::Session& session, DataType type,
                                  std::span<const std::byte> payload) {
  if (inner_->is_open(session)) routed_.tell_overheard(session.id(), told(session, type, payload));
  return inner_->on_message(session, type, payload);
}

std::string OverheardDialect::told(session::Session& session, DataType type,
                                   std::span<const std::byte> payload) const {
  json::object all{{"event", "recv_message"},
                   {"node", node_},
                   {"connection", to_string(session.id())},
                   {"user", place_.user_of(session)},
                   {"path", path()}};
  if (type == DataType::text)
    all["data"] = as_text(payload);
  else
    all["data"] = json::object{{"base64", encode_base64(payload)}};
  return json::serialize(all);
}

// --- all else is the dialect's

void OverheardDialect::on_open(session::Session& session, session::Arrival& arrival) {
  inner_->on_open(session, arrival);
}

void OverheardDialect::on_close(session::Session& session, const CloseInfo& info) {
  inner_->on_close(session, info);
}

bool OverheardDialect::is_open(session::Session& session) { return inner_->is_open(session); }

error_code OverheardDialect::push(session::Session& session, DataType type,
                                  std::span<const std::byte> payload) {
  return inner_->push(session, type, payload);
}

error_code OverheardDialect::push_event(session::Session& session, std::string_view event,
                                        const json::value& data) {
  return inner_->push_event(session, event, data);
}

bool OverheardDialect::deliver(session::Session& session, hub::Delivery& delivery) {
  return inner_->deliver(session, delivery);
}

error_code OverheardDialect::set_context(session::Session& session,
                                         const std::string& json_object) {
  return inner_->set_context(session, json_object);
}

bool OverheardDialect::has_context(session::Session& session, const std::string& key) {
  return inner_->has_context(session, key);
}

std::optional<error_code> OverheardDialect::bind_user(session::Session& session,
                                                      const std::string& user) {
  return inner_->bind_user(session, user);
}

}  // namespace weft::framework
