#include "wire/connmix/usual_send.hpp"

#include <charconv>

#include "wire/connmix/json.hpp"

namespace weft::connmix {
namespace {

bool skip(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// Cuts the digits off the front of `text`.
std::string_view digits(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
  const std::string_view cut = text.substr(0, size);
  text.remove_prefix(size);
  return cut;
}

/// JSON has no numbers with a zero in front.
bool is_number(std::string_view digits) {
  return !digits.empty() && (digits[0] != '0' || digits.size() == 1);
}

}  // namespace

std::optional<Request> read_usual_send(std::string_view text) {
  if (!skip(text, R"({"m":"mesh.send","p":{"c":)")) return std::nullopt;
  const bool is_quoted = skip(text, "\"");
  const std::string_view to = digits(text);
  std::int64_t connection = 0;
  const auto [end, error] = std::from_chars(to.data(), to.data() + to.size(), connection);
  if (error != std::errc{} || connection <= 0 || (!is_quoted && !is_number(to)))
    return std::nullopt;
  if (!skip(text, is_quoted ? R"(","d":")" : R"(,"d":")")) return std::nullopt;
  const std::string_view data = text.substr(0, plain_size(text));
  text.remove_prefix(data.size());
  if (!skip(text, R"("},"i":)")) return std::nullopt;
  const std::string_view id = digits(text);
  if (!is_number(id) || text != "}") return std::nullopt;
  // A connection in quotes may have meant a channel of that name.
  return Request{Style::short_keys, std::string(id),
                 Send{ConnectionId{connection}, DataType::text, std::string(data),
                      std::string(is_quoted ? to : std::string_view())}};
}

}  // namespace weft::connmix
