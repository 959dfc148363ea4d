// CommandMessage: one message of the dialect `commands`, parsed once, in memory that the next
// message uses again. To middleware and lifecycle its event is the command's id.
#pragma once
#include <optional>
#include <vector>

#include "framework/message_memory.hpp"
#include "weft/command_handler.hpp"

namespace weft::framework {

class CommandMessage final : public Message {
 public:
  /// Takes it as it is. `payload` is not copied: see keep().
  void take(ConnectionId sender, DataType type, std::span<const std::byte> payload);
  /// Parses what was taken. Errors: the parser's.
  error_code parse(const MessageParser& parser);
  /// In place of parse(): the text is the data.
  void leave_unparsed();
  void set_id(std::string_view id) { id_ = id; }
  /// Copies the payload, for handlers that outlive the call.
  void keep();
  void clear();

  const Frame& frame() const { return frame_; }
  const ParsedMessage& parsed() const { return *parsed_; }

  ConnectionId sender() const override { return sender_; }
  DataType type() const override { return frame_.opcode; }
  std::span<const std::byte> bytes() const override { return frame_.bytes; }
  const json::value& value() const override { return data(); }
  std::string_view event() const override { return id_; }
  const std::vector<Header>& headers() const override;
  const json::value& data() const override;
  const json::value* id() const override { return nullptr; }

 private:
  MessageMemory memory_;
  ConnectionId sender_ = ConnectionId::none;
  Frame frame_{DataType::text, {}};
  std::optional<ParsedMessage> parsed_;
  std::string id_;
};

}  // namespace weft::framework
