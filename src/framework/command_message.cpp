#include "framework/command_message.hpp"

#include "base/bytes.hpp"

namespace weft::framework {
namespace {

const json::value kNull;
const std::vector<Header> kNoHeaders;

}  // namespace

void CommandMessage::take(ConnectionId sender, DataType type, std::span<const std::byte> payload) {
  clear();
  sender_ = sender;
  frame_ = {type, payload};
}

error_code CommandMessage::parse(const MessageParser& parser) {
  Result<ParsedMessage> parsed = parser.decode(frame_.bytes, frame_.opcode, memory_.values());
  if (!parsed) return parsed.error();
  parsed_.emplace(std::move(*parsed));
  return {};
}

void CommandMessage::leave_unparsed() {
  parsed_.emplace(ParsedMessage{{}, json::value(memory_.values()), json::object(memory_.values())});
  parsed_->data = as_text(frame_.bytes);
}

void CommandMessage::keep() { frame_.bytes = memory_.keep(frame_.bytes); }

void CommandMessage::clear() {
  parsed_.reset();
  frame_ = {DataType::text, {}};
  id_.clear();
  memory_.clear();
}

const std::vector<Header>& CommandMessage::headers() const { return kNoHeaders; }

const json::value& CommandMessage::data() const { return parsed_ ? parsed_->data : kNull; }

}  // namespace weft::framework
