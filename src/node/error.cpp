#include "node/error.hpp"

namespace weft {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weft.node"; }
  std::string message(int value) const override {
    switch (static_cast<NodeErrc>(value)) {
      case NodeErrc::no_such_connection:
        return "no such connection";
      case NodeErrc::outbox_full:
        return "the client reads too slowly: its outbox is full (max_outbox)";
      case NodeErrc::bad_channel:
        return "bad channel name: 1 to 255 bytes of UTF-8 without spaces, control characters, *, "
               ">, {, } or a leading $";
      case NodeErrc::too_many_channels:
        return "the connection stands in too many channels (max_channels)";
      case NodeErrc::encode_failed:
        return "the listener's script did not encode the message (protocol_encode)";
      case NodeErrc::delivering:
        return "channels cannot be joined or left inside protocol_encode";
      case NodeErrc::bad_context:
        return "the context must be a JSON object";
    }
    return "unknown error";
  }
};

}  // namespace

error_code make_error_code(NodeErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft
