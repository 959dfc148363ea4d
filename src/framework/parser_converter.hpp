// ParserConverter: a module's parser as the converter of its connections, so that events from
// elsewhere in the house go to its clients as commands.
#pragma once
#include <memory>

#include "weft/message.hpp"
#include "weft/message_parser.hpp"

namespace weft::framework {

class ParserConverter final : public Converter {
 public:
  explicit ParserConverter(std::shared_ptr<const MessageParser> parser)
      : parser_(std::move(parser)) {}

  Result<json::value> decode(std::span<const std::byte> bytes, DataType type,
                             json::storage_ptr memory) const override {
    Result<ParsedMessage> parsed = parser_->decode(bytes, type, std::move(memory));
    if (!parsed) return parsed.error();
    return std::move(parsed->data);
  }
  DataType encode(const Outgoing& outgoing, std::string& out) const override {
    const ParsedMessage message{std::string(outgoing.event), outgoing.data};
    return parser_->encode(message, out);
  }

 private:
  std::shared_ptr<const MessageParser> parser_;
};

}  // namespace weft::framework
