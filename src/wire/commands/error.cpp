#include "weft/message_parser.hpp"

namespace weft {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weft.commands"; }
  std::string message(int value) const override {
    switch (static_cast<CommandErrc>(value)) {
      case CommandErrc::not_json:
        return "the message is not one valid JSON value";
      case CommandErrc::too_deep:
        return "the message is nested deeper than 32 levels";
      case CommandErrc::not_a_map:
        return "the message has to be a JSON object";
      case CommandErrc::bad_cmd:
        return "cmd has to be a string";
      case CommandErrc::bad_ext:
        return "ext has to be an object";
    }
    return "unknown error";
  }
};

}  // namespace

error_code make_error_code(CommandErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

}  // namespace weft
