#include "framework/live_connection.hpp"

#include "base/bytes.hpp"
#include "framework/opening.hpp"
#include "framework/reply.hpp"
#include "framework/request_of.hpp"
#include "node/channel_name.hpp"

namespace weft::framework {

SendStatus status_of(transport::SendResult result) {
  switch (result) {
    case transport::SendResult::queued:
      return SendStatus::queued;
    case transport::SendResult::dropped:
      return SendStatus::dropped;
    case transport::SendResult::closed:
      break;
  }
  return SendStatus::gone;
}

namespace {

std::shared_ptr<const Request> request_in(session::Arrival& arrival) {
  if (arrival.seen_request) return std::move(arrival.seen_request);
  return std::make_shared<const Request>(arrival.request ? request_of(*arrival.request)
                                                         : Request{});
}

}  // namespace

LiveConnection::LiveConnection(LoopContext& context, session::Session& session,
                               const Converter& converter, session::Arrival& arrival)
    : context_(context),
      session_(&session),
      converter_(converter),
      id_(session.id()),
      request_(request_in(arrival)),
      parameters_(std::move(arrival.parameters)),
      attributes_(std::move(arrival.attributes)) {}

// --- sending

SendStatus LiveConnection::send(std::string_view event, const json::value& data) {
  return send_event({event, data});
}

SendStatus LiveConnection::reply(std::string_view event, const json::value& data) {
  if (!std::exchange(has_answer_, false)) return send_event({event, data});
  return send_event({event, data, &answer_});
}

SendStatus LiveConnection::send_event(const Outgoing& outgoing) {
  if (!session_) return finish(outgoing.event, outgoing.data, DataType::text, SendStatus::gone);
  thread_local std::string buffer;
  buffer.clear();
  const DataType wanted = converter_.encode(outgoing, buffer);
  const DataType type = sendable_as(wanted, buffer);
  const auto sent = session_->connection().send(type, as_bytes(buffer));
  return finish(outgoing.event, outgoing.data, type, status_of(sent));
}

SendStatus LiveConnection::send_raw(std::span<const std::byte> payload, DataType type) {
  static const json::value kNothing;
  if (!session_) return finish("", kNothing, type, SendStatus::gone);
  return finish("", kNothing, type, status_of(session_->connection().send(type, payload)));
}

SendStatus LiveConnection::finish(std::string_view event, const json::value& data, DataType type,
                                  SendStatus status) {
  if (context_.has_subscriber<MessageSent>())
    context_.raise(MessageSent{server(), id_, this, event, data, status, type});
  if (status == SendStatus::gone)
    context_.raise(ConnectionRemoved{server(), id_, ConnectionRemoved::Why::send_found_it_gone});
  return status;
}

void LiveConnection::begin_answer(const json::value* id) {
  has_answer_ = id != nullptr;
  if (id) answer_ = json::value(*id, json::storage_ptr());
}

bool LiveConnection::take_unanswered() { return std::exchange(has_answer_, false); }

// --- closing and reading

Result<void> LiveConnection::close(CloseCode code, std::string_view reason) {
  if (!may_close_with(code, reason)) return NodeErrc::bad_close;
  if (session_) session_->connection().close(static_cast<std::uint16_t>(code), reason);
  return {};
}

Task<std::shared_ptr<const Message>> LiveConnection::next_message(
    std::chrono::milliseconds within) {
  return next_message_of(std::static_pointer_cast<LiveConnection>(shared_from_this()), within);
}

void LiveConnection::pause() {
  if (session_) session_->connection().hold();
}

void LiveConnection::resume() {
  if (session_) session_->connection().release();
}

void LiveConnection::hold() {
  held_ = true;
  if (session_) session_->connection().pause();
}

void LiveConnection::release() {
  held_ = false;
  if (session_) session_->connection().resume();
}

// --- its row

void LiveConnection::store_attributes() {
  ConnectionPatch patch;
  patch.attributes = attributes_;
  if (RowKeeper* rows = context_.rows()) rows->changed(id_, std::move(patch));
}

// --- channels and users

Result<void> LiveConnection::subscribe(std::string_view channel) {
  if (!session_) return NodeErrc::no_such_connection;
  const std::string name(channel);
  if (const error_code error = context_.place().subscribe(*session_, {&name, 1})) return error;
  return {};
}

Result<void> LiveConnection::unsubscribe(std::string_view channel) {
  if (!session_) return NodeErrc::no_such_connection;
  const std::string name(channel);
  if (const error_code error = context_.place().unsubscribe(*session_, {&name, 1})) return error;
  return {};
}

Result<void> LiveConnection::bind_user(std::string_view user) {
  if (!session_) return NodeErrc::no_such_connection;
  if (user == user_) return {};
  if (!is_user_name(user)) return NodeErrc::bad_user;
  unbind_user();
  const auto bound = context_.place().bind_user(*session_, std::string(user));
  if (!bound) return bound.error();
  user_ = user;
  context_.raise(UserRegistered{*this, user_});
  if (RowKeeper* rows = context_.rows()) rows->changed(id_, {.user = user_, .attributes = {}});
  return {};
}

void LiveConnection::unbind_user() {
  if (user_.empty()) return;
  const std::string user = std::exchange(user_, {});
  const auto unbound = context_.place().unbind_user(id_);
  context_.raise(UserLoggedOut{*this, user, !unbound || unbound->last});
  RowKeeper* rows = context_.rows();
  if (session_ && rows) rows->changed(id_, {.user = std::string(), .attributes = {}});
}

}  // namespace weft::framework
