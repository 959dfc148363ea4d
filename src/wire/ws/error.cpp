#include "wire/ws/error.hpp"

#include <string>

namespace weft::ws {
namespace {

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "websocket"; }

  std::string message(int value) const override {
    switch (static_cast<WsErrc>(value)) {
      case WsErrc::reserved_bits:
        return "a reserved bit is set that no extension gave a meaning";
      case WsErrc::unknown_opcode:
        return "the opcode is reserved";
      case WsErrc::long_control_frame:
        return "a control frame holds more than 125 bytes";
      case WsErrc::fragmented_control:
        return "a control frame is fragmented";
      case WsErrc::bad_length:
        return "the payload length is not in its shortest form, or 2^63 and more";
      case WsErrc::message_too_big:
        return "the message is larger than max_message";
      case WsErrc::too_many_fragments:
        return "the message has more frames than max_fragments";
      case WsErrc::not_masked:
        return "a client frame is not masked";
      case WsErrc::masked:
        return "a server frame is masked";
      case WsErrc::unexpected_continuation:
        return "a continuation frame without a message to continue";
      case WsErrc::expected_continuation:
        return "a new message began inside a fragmented one";
      case WsErrc::bad_utf8:
        return "text is not valid UTF-8";
      case WsErrc::bad_close_size:
        return "a close frame holds half a close code";
      case WsErrc::bad_close_code:
        return "the close code may not be sent";
      case WsErrc::bad_deflate:
        return "the compressed data is corrupt";
    }
    return "unknown WebSocket error " + std::to_string(value);
  }
};

const Category kCategory;

}  // namespace

error_code make_error_code(WsErrc error) { return {static_cast<int>(error), kCategory}; }

std::uint16_t close_code(const error_code& error) {
  if (error.category() != kCategory) return 1011;
  switch (static_cast<WsErrc>(error.value())) {
    case WsErrc::bad_utf8:
    case WsErrc::bad_deflate:
      return 1007;
    case WsErrc::message_too_big:
    case WsErrc::too_many_fragments:
      return 1009;
    default:
      return 1002;
  }
}

}  // namespace weft::ws
