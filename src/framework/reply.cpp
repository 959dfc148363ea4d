#include "framework/reply.hpp"

#include <utility>

#include "base/bytes.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::framework {
namespace {

Answer<Delivered> at_once(Delivered delivered) {
  Answer<Delivered>::Giver giver;
  giver.give(delivered);
  return giver.answer();
}

}  // namespace

DataType sendable_as(DataType wanted, std::string_view bytes) {
  return wanted == DataType::text && !ws::is_utf8(as_bytes(bytes)) ? DataType::binary : wanted;
}

CommandReply::CommandReply(Connection& sender, Audience& audience, const MessageParser& parser,
                           std::string cmd, std::optional<DataType> opcode)
    : sender_(sender),
      audience_(audience),
      parser_(parser),
      opcode_(opcode),
      message_{std::move(cmd), nullptr},
      from_(sender.id()) {}

// --- to whom

Reply& CommandReply::to(ConnectionId id) {
  target_ = id == sender_.id() ? Target::sender : Target::some;
  to_.assign(1, id);
  except_.clear();
  return *this;
}

Reply& CommandReply::some(std::vector<ConnectionId> to, std::vector<ConnectionId> except) {
  target_ = Target::some;
  to_ = std::move(to);
  except_ = std::move(except);
  return *this;
}

Reply& CommandReply::all(std::vector<ConnectionId> except) {
  target_ = Target::all;
  except_ = std::move(except);
  return *this;
}

Reply& CommandReply::broadcast() {
  target_ = Target::broadcast;
  return *this;
}

Reply& CommandReply::channel(std::string channel) {
  target_ = Target::channel;
  channel_ = std::move(channel);
  return *this;
}

Reply& CommandReply::from(ConnectionId id) {
  from_ = id;
  return *this;
}

Reply& CommandReply::no_sender() { return from(ConnectionId::none); }

// --- what

Reply& CommandReply::cmd(std::string cmd) {
  message_.cmd = std::move(cmd);
  return *this;
}

Reply& CommandReply::data(json::value data) {
  message_.data = std::move(data);
  has_data_ = true;
  return *this;
}

Reply& CommandReply::ext(json::object ext) {
  message_.ext = std::move(ext);
  return *this;
}

Reply& CommandReply::content(std::string bytes) {
  content_ = std::move(bytes);
  return *this;
}

Reply& CommandReply::opcode(DataType type) {
  opcode_ = type;
  return *this;
}

// --- sending

DataType CommandReply::encode(std::string& out) const {
  DataType type = DataType::text;
  if (content_)
    out += *content_;
  else
    type = parser_.encode(message_, out);
  return sendable_as(opcode_.value_or(type), out);
}

Delivered CommandReply::send_to_sender() const {
  thread_local std::string buffer;
  buffer.clear();
  const DataType type = encode(buffer);
  Delivered delivered;
  delivered.add(sender_.send_raw(as_bytes(buffer), type));
  return delivered;
}

Answer<Delivered> CommandReply::send() {
  if (sent_ || is_empty()) return at_once({});
  sent_ = true;
  if (target_ == Target::sender) return at_once(send_to_sender());
  return send_to_others();
}

Answer<Delivered> CommandReply::send_to_others() {
  std::string bytes;
  const DataType type = encode(bytes);
  switch (target_) {
    case Target::some:
      return audience_.send_some(to_, except_, std::move(bytes), type);
    case Target::all:
      return audience_.send_all(except_, std::move(bytes), type);
    case Target::channel:
      return audience_.send_channel(channel_, std::move(bytes), type);
    case Target::sender:
    case Target::broadcast:
      break;
  }
  std::vector<ConnectionId> but_sender;
  if (from_ != ConnectionId::none) but_sender.push_back(from_);
  return audience_.send_all(std::move(but_sender), std::move(bytes), type);
}

}  // namespace weft::framework
