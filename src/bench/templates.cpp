#include "bench/templates.hpp"

namespace weft::bench {

namespace errc = boost::system::errc;

Result<std::string> unescape(std::string_view text) {
  constexpr std::string_view kLetters = "rnt0\\";
  constexpr std::string_view kBytes("\r\n\t\0\\", 5);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const std::size_t which = ++i < text.size() ? kLetters.find(text[i]) : kLetters.npos;
    if (which == kLetters.npos) return make_error_code(errc::invalid_argument);
    out += kBytes[which];
  }
  return out;
}

std::string fill(std::string_view pattern, std::string_view payload, std::string_view channel) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char letter = pattern[i] == '%' && i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    switch (letter) {
      case 's':
        out += payload;
        break;
      case 'n':
        out += std::to_string(payload.size());
        break;
      case 'c':
        out += channel;
        break;
      case '%':
        out += '%';
        break;
      default:
        out += pattern[i];
        continue;
    }
    ++i;
  }
  return out;
}

}  // namespace weft::bench
