#include <string>

#include "weft/message.hpp"

namespace weft {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "message"; }

  std::string message(int value) const override {
    switch (static_cast<MessageErrc>(value)) {
      case MessageErrc::not_decodable:
        return "the message cannot be decoded: it has to be one complete value";
      case MessageErrc::too_deep:
        return "the message is nested deeper than 32 levels";
      case MessageErrc::not_an_object:
        return "the envelope has to be an object with the key \"event\"";
      case MessageErrc::no_event:
        return "\"event\" has to be a string that is not empty";
      case MessageErrc::incomplete:
        return "the envelope needs all of \"event\", \"headers\" and \"data\"";
    }
    return "unknown message error " + std::to_string(value);
  }
};

const Category kCategory;

}  // namespace

error_code make_error_code(MessageErrc error) { return {static_cast<int>(error), kCategory}; }

}  // namespace weft
