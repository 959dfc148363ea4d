#include <algorithm>
#include <string_view>

#include "base/bytes.hpp"
#include "weft/message_parser.hpp"

namespace weft {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kAround = ": ", kBlanks = " \t\n\r\v\0"sv;
constexpr std::size_t kLongestWord = 15, kLongestDotted = 64;  // bytes of a command without colon

std::string_view trim(std::string_view text, std::string_view what) {
  const std::size_t first = text.find_first_not_of(what);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(what) - first + 1);
}

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

/// Words with dots between them, at least two.
bool is_dotted(std::string_view text) {
  if (text.size() > kLongestDotted || text.find('.') == text.npos) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_word(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

ParsedMessage parsed(std::string_view cmd, std::string_view data, json::storage_ptr memory) {
  ParsedMessage message{std::string(cmd), json::value(memory), json::object(memory)};
  message.data = data;
  return message;
}

}  // namespace

Result<ParsedMessage> RawTextParser::decode(std::span<const std::byte> bytes, DataType,
                                            json::storage_ptr memory) const {
  return parsed({}, as_text(bytes), std::move(memory));
}

DataType RawTextParser::encode(const ParsedMessage& reply, std::string& out) const {
  out += reply.text();
  return DataType::text;
}

DataType RawTextParser::encode_problem(const CommandProblem& problem, std::string& out) const {
  out.append("error ").append(problem.code).append(": ").append(problem.message);
  return DataType::text;
}

Result<ParsedMessage> TokenTextParser::decode(std::span<const std::byte> bytes, DataType,
                                              json::storage_ptr memory) const {
  const std::string_view text = trim(as_text(bytes), kAround);
  const std::size_t colon = text.find(':');
  if (colon != text.npos)
    return parsed(trim(text.substr(0, colon), kBlanks), trim(text.substr(colon + 1), kBlanks),
                  std::move(memory));
  const std::string_view alone = trim(text, kBlanks);
  const bool word = alone.size() <= kLongestWord && is_word(alone);
  if (word || (rules_.dotted_commands && is_dotted(alone)))
    return parsed(alone, {}, std::move(memory));
  return parsed({}, alone, std::move(memory));
}

}  // namespace weft
