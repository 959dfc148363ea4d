// Anything a client may send to a path of the dialect `commands`, also cut in two: no input may
// crash a parser, what is refused says why, and what a parser read it can write and read again.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "weft/message_parser.hpp"

namespace {

using weft::check;

void attack(const weft::MessageParser& parser, std::string_view text) {
  const auto message = parser.decode(weft::as_bytes(text), weft::DataType::text, {});
  if (!message) {
    const std::string why = message.error().message();
    check(!why.empty(), "a refusal says why");
    std::string told;
    parser.encode_problem({"bad_message", why, {}}, told);
    check(!told.empty(), "the client hears of it");
    return;
  }
  check(message->text().size() <= text.size() * 8 + 2, "nothing is invented");
  std::string written;
  parser.encode(*message, written);
}

void read_again(std::string_view text) {
  const weft::JsonParser parser;
  const auto message = parser.decode(weft::as_bytes(text), weft::DataType::text, {});
  if (!message || message->data.is_null()) return;
  std::string written;
  parser.encode(*message, written);
  const auto again = parser.decode(weft::as_bytes(written), weft::DataType::text, {});
  check(again.has_value(), "we read what we write");
  check(again->cmd == message->cmd, "same command");
  check(again->ext == message->ext, "same ext");
}

void attack_all(std::string_view text) {
  attack(weft::RawTextParser(), text);
  attack(weft::TokenTextParser(), text);
  attack(weft::TokenTextParser(weft::TokenTextRules{.dotted_commands = false}), text);
  attack(weft::JsonParser(), text);
  read_again(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  attack_all(text);
  const std::size_t cut = size ? data[0] % size : 0;
  attack_all(text.substr(0, cut));
  attack_all(text.substr(cut));
  return 0;
}
