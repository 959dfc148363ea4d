#include "base/node_id.hpp"

#include <random>

#include "base/clock.hpp"

namespace weft {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kLength = 13;

}  // namespace

NodeId new_node_id() {
  std::random_device random;
  return NodeId{static_cast<std::uint64_t>(millis_since_2026() / 16) << 24 | (random() & 0xFFFFFF)};
}

std::string to_string(NodeId id) {
  auto value = static_cast<std::uint64_t>(id);
  std::string text(kLength, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value >>= 5)
    *digit = kDigits[value & 31];
  return text;
}

std::optional<NodeId> parse_node_id(std::string_view text) {
  if (text.size() != kLength || text[0] > 'f') return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : text) {
    const auto at = kDigits.find(digit);
    if (at == kDigits.npos) return std::nullopt;
    value = value << 5 | at;
  }
  if (value == 0) return std::nullopt;
  return NodeId{value};
}

}  // namespace weft
