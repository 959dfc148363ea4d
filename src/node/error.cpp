#include "node/error.hpp"

#include "base/bytes.hpp"
#include "wire/ws/close.hpp"
#include "wire/ws/utf8.hpp"

namespace weft {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weft.node"; }
  boost::system::error_condition default_error_condition(int value) const noexcept override {
    if (static_cast<NodeErrc>(value) == NodeErrc::bad_close)
      return make_error_condition(boost::system::errc::invalid_argument);
    return {value, *this};
  }
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
      case NodeErrc::bad_close:
        return "not to be sent: close codes are 1000 to 1003, 1007 to 1014 and 3000 to 4999, and "
               "reasons up to 123 bytes of UTF-8";
      case NodeErrc::bad_user:
        return "bad user name: 1 to 249 bytes of UTF-8 without spaces, control characters, *, >, "
               "{, } or a leading $";
      case NodeErrc::delivering:
        return "channels cannot be joined or left inside protocol_encode";
      case NodeErrc::unreachable:
        return "the connection's node did not answer in time; it may have been carried out";
      case NodeErrc::too_large:
        return "larger than what the broker carries to other nodes";
      case NodeErrc::not_bound:
        return "the connection is not bound to this user";
      case NodeErrc::elsewhere:
        return "the connection's node refused; its log says why";
      case NodeErrc::bad_context:
        return "the context must be a JSON object";
    }
    return "unknown error";
  }
};

}  // namespace

bool may_close_with(CloseCode code, std::string_view reason) {
  return is_sendable(code) && reason.size() <= ws::kMaxCloseReason && ws::is_utf8(as_bytes(reason));
}

error_code make_error_code(NodeErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft
