#include "app/value_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace weft {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

constexpr std::array<Unit, 9> kByteUnits{{{"TiB", 1ull << 40},
                                          {"GiB", 1ull << 30},
                                          {"MiB", 1ull << 20},
                                          {"KiB", 1ull << 10},
                                          {"B", 1},
                                          {"TB", 1'000'000'000'000},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"KB", 1000}}};
constexpr std::array<Unit, 5> kTimeUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// Takes the digits at the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return value;
}

std::optional<std::uint64_t> scaled(std::uint64_t value, std::uint64_t unit) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(value, unit, &product) || product >> 62) return std::nullopt;
  return product;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto value = take_number(text);
  if (!value) return std::nullopt;
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.empty()) return scaled(*value, 1);
  for (const auto& [name, size] : kByteUnits)
    if (same(text, name)) return scaled(*value, size);
  return std::nullopt;
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  for (const auto& [name, size] : kByteUnits)
    if (bytes % size == 0) return std::to_string(bytes / size) + std::string(name);
  return std::to_string(bytes) + "B";
}

std::optional<Millis> parse_duration(std::string_view text) {
  if (text == "0") return Millis{0};
  std::uint64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto value = take_number(text);
    if (!value) return std::nullopt;
    const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto unit = std::ranges::find(kTimeUnits, text.substr(0, letters), &Unit::first);
    if (unit == kTimeUnits.end()) return std::nullopt;
    const auto part = scaled(*value, unit->second);
    if (!part) return std::nullopt;
    total += *part;
    if (total >> 62) return std::nullopt;
    text.remove_prefix(letters);
  }
  return Millis{static_cast<std::int64_t>(total)};
}

std::string duration_text(Millis duration) {
  auto rest = static_cast<std::uint64_t>(duration.count());
  if (rest == 0) return "0";
  std::string text;
  for (const auto& [name, size] : kTimeUnits) {
    if (rest / size) text += std::to_string(rest / size) + std::string(name);
    rest %= size;
  }
  return text;
}

bool HostPort::is_loopback() const {
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

std::optional<HostPort> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return std::nullopt;  // IPv6 needs its brackets
  if (host.find_first_of("/[]@ \t") != std::string_view::npos || port.empty()) return std::nullopt;
  std::uint16_t number = 0;
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || stop != port.data() + port.size()) return std::nullopt;
  return HostPort{std::string(host), number};
}

std::string to_string(const HostPort& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace weft
