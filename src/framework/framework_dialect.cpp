#include "framework/framework_dialect.hpp"

#include <boost/json/parse.hpp>

#include "base/bytes.hpp"
#include "framework/opening.hpp"
#include "wire/events/converters.hpp"

namespace weft::framework {
namespace {

ConnectionRow row_of(LiveConnection& connection, unsigned slot, const std::string& path) {
  ConnectionRow row;
  row.id = connection.id();
  row.slot = slot;
  row.created_at = row.updated_at = std::chrono::system_clock::now();
  row.user = connection.user();
  row.path = path;
  if (const std::string* key = connection.request().header("sec-websocket-key"))
    row.handshake_key = *key;
  row.attributes = connection.attributes();
  return row;
}

error_code error_of(SendStatus status) {
  switch (status) {
    case SendStatus::queued:
      return {};
    case SendStatus::dropped:
      return NodeErrc::outbox_full;
    case SendStatus::gone:
      break;
  }
  return NodeErrc::no_such_connection;
}

struct Event {
  std::string name;
  json::value data;
};

// Events travel through channels as JSON envelopes. nullopt: it is none, but bytes as they are.
std::optional<Event> event_in(const hub::Publication& publication) {
  if (!publication.is_event) return std::nullopt;
  error_code bad;
  const json::value parsed = json::parse(as_text(publication.data.bytes()), bad);
  const json::object* envelope = bad ? nullptr : parsed.if_object();
  const json::value* name = envelope ? envelope->if_contains("event") : nullptr;
  if (!name || !name->is_string()) return std::nullopt;
  const json::value* data = envelope->if_contains("data");
  return Event{std::string(name->get_string()), data ? *data : json::value()};
}

}  // namespace

FrameworkDialect::FrameworkDialect(LoopContext& context, Rules rules)
    : context_(context),
      rules_(std::move(rules)),
      gate_(OpenGate::make(context, rules_.path, rules_.open)),
      is_json_(dynamic_cast<const events::JsonConverter*>(rules_.codec.converter.get())) {}

// --- its life

void FrameworkDialect::on_open(session::Session& session, session::Arrival& arrival) {
  auto connection =
      std::make_shared<LiveConnection>(context_, session, *rules_.codec.converter, arrival);
  session.attached() = connection;
  context_.raise(OpenBefore{*connection});
  if (!arrival.user.empty()) (void)connection->bind_user(arrival.user);
  gate_.run(connection, [this, kept = connection.get()] { opened(*kept); });
}

void FrameworkDialect::opened(LiveConnection& connection) {
  if (!rules_.subscribe.empty())
    context_.place().subscribe(*connection.session(), rules_.subscribe);
  if (RowKeeper* rows = context_.rows())
    rows->opened(row_of(connection, context_.place().slot(), rules_.path));
  if (context_.has_subscriber<ConnectionOpen>()) {
    const std::string* key = connection.request().header("sec-websocket-key");
    context_.raise(ConnectionOpen{connection, key ? std::string_view(*key) : ""});
  }
  on_opened(connection);
}

bool FrameworkDialect::on_message(session::Session& session, DataType type,
                                  std::span<const std::byte> payload) {
  context_.counters().messages.add();
  LiveConnection& connection = connection_of(session);
  if (connection.is_opening())
    take_message(connection, decode(connection, type, payload));
  else
    on_message(connection, type, payload);
  return true;  // who is held has paused its stream
}

void FrameworkDialect::on_close(session::Session& session, const CloseInfo& info) {
  const auto connection = std::static_pointer_cast<LiveConnection>(session.attached());
  if (connection->is_opening()) return never_opened(*connection);
  const bool is_told = context_.place().is_told(connection->id());  // by another node
  if (!is_told) context_.raise(CloseBefore{*connection, info});
  connection->detach();
  if (!is_told) context_.raise(ConnectionClosed{*connection, info});
  on_closed(*connection, info);
  if (rules_.gone) rules_.gone(connection->id());
  connection->unbind_user();
  if (RowKeeper* rows = context_.rows()) rows->closed(connection->id());
}

// What was never open is not closed: ConnectionOpen and ConnectionClosed come in pairs.
void FrameworkDialect::never_opened(LiveConnection& connection) {
  gate_.give_up(connection);
  connection.detach();
  connection.unbind_user();
}

// --- the ways to its client

// Who is not let in yet, or says goodbye, is not there for others.
bool FrameworkDialect::is_reachable(session::Session& session) {
  return !connection_of(session).is_opening() && session.connection().is_open();
}

error_code FrameworkDialect::push(session::Session& session, DataType type,
                                  std::span<const std::byte> payload) {
  if (!is_reachable(session)) return NodeErrc::no_such_connection;
  return error_of(connection_of(session).send_raw(payload, type));
}

error_code FrameworkDialect::push_event(session::Session& session, std::string_view event,
                                        const json::value& data) {
  if (!is_reachable(session)) return NodeErrc::no_such_connection;
  return error_of(connection_of(session).send(event, data));
}

// A frame that is shared by all goes out as it is, unless this client's converter writes events
// another way, or somebody wants to hear of every message that is sent.
bool FrameworkDialect::deliver(session::Session& session, hub::Delivery& delivery) {
  if (connection_of(session).is_opening()) return false;
  const hub::Publication& publication = delivery.publication;
  const bool is_told = context_.has_subscriber<MessageSent>();
  if (!is_told && (is_json() || !publication.is_event))
    return session::deliver_frame(session.connection(), delivery);
  const std::optional<Event> event = event_in(publication);
  if (event) return !push_event(session, event->name, event->data);
  return !push(session, publication.type, publication.data.bytes());
}

// --- its context: the attributes

error_code FrameworkDialect::set_context(session::Session& session,
                                         const std::string& json_object) {
  error_code bad;
  const json::value parsed = json::parse(json_object, bad);
  if (bad || !parsed.is_object()) return NodeErrc::bad_context;
  for (const auto& [key, value] : parsed.get_object())
    connection_of(session).attributes()[key] = value;
  connection_of(session).store_attributes();
  return {};
}

std::optional<error_code> FrameworkDialect::bind_user(session::Session& session,
                                                      const std::string& user) {
  LiveConnection& connection = connection_of(session);
  if (user.empty()) {
    connection.unbind_user();
    return error_code{};
  }
  const Result<void> bound = connection.bind_user(user);
  return bound ? error_code{} : bound.error();
}

bool FrameworkDialect::has_context(session::Session& session, const std::string& key) {
  return connection_of(session).attributes().contains(key);
}

}  // namespace weft::framework
