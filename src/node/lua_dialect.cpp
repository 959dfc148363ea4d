#include "node/lua_dialect.hpp"

#include <boost/json/parse.hpp>

#include "node/plain_dialect.hpp"

namespace weft {
namespace {

script::Handshake handshake_of(const transport::HttpRequest& request) {
  script::Handshake handshake{request.method, request.target, "HTTP/1.1", {}};
  for (const auto& [name, value] : request.headers) handshake.headers.emplace_back(name, value);
  return handshake;
}

}  // namespace

LuaDialect::LuaDialect(Place& place, script::Vm& vm, script::ScriptId script,
                       script::Protocol protocol, std::vector<std::string> subscribe)
    : place_(place),
      vm_(vm),
      script_(script),
      protocol_(protocol),
      subscribe_(std::move(subscribe)) {}

void LuaDialect::on_open(session::Session& session, session::Arrival& arrival) {
  if (!subscribe_.empty()) place_.subscribe(session, subscribe_);
  vm_.on_open(script_, session.id(),
              arrival.request ? handshake_of(*arrival.request) : script::Handshake{});
}

bool LuaDialect::on_message(session::Session& session, DataType type,
                            std::span<const std::byte> payload) {
  if (frames_itself())
    vm_.on_bytes(session.id(), as_text(payload));
  else
    vm_.on_message(session.id(), type, as_text(payload));
  return !vm_.is_busy(session.id());
}

void LuaDialect::on_close(session::Session& session, const CloseInfo& info) {
  vm_.on_close(session.id(), info);
}

error_code LuaDialect::push(session::Session& session, DataType type,
                            std::span<const std::byte> payload) {
  if (!frames_itself()) return error_of(session.connection().send(type, payload));
  const auto encoded = vm_.encode(session.id(), as_text(payload), type);
  if (!encoded) return NodeErrc::encode_failed;
  return error_of(session.connection().send(type, as_bytes(*encoded)));
}

bool LuaDialect::deliver(session::Session& session, hub::Delivery& delivery) {
  if (!frames_itself()) return session::deliver_frame(session.connection(), delivery);
  return !push(session, delivery.publication.type, delivery.publication.data.bytes());
}

error_code LuaDialect::set_context(session::Session& session, const std::string& json_object) {
  return vm_.set_context(session.id(), json_object).empty()
             ? error_code{}
             : make_error_code(NodeErrc::bad_context);
}

bool LuaDialect::has_context(session::Session& session, const std::string& key) {
  boost::system::error_code bad;
  const auto context = boost::json::parse(vm_.context_json(session.id()), bad);
  return !bad && context.is_object() && context.get_object().contains(key);
}

}  // namespace weft
