#include "wire/http/proxy_header.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.hpp"

namespace weft::http {
namespace {

using Parsed = Result<std::optional<ProxyHeader>>;

constexpr std::string_view kLineStart = "PROXY ";

// Version 2:  signature(12) | version(4) command(4) | family(4) transport(4) | length(16) |
// addresses, TLVs
constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kFixed = 16;
constexpr unsigned kVersion2 = 0x2, kLocal = 0x0, kProxy = 0x1;
constexpr unsigned kUnspecified = 0x00, kTcp4 = 0x11, kTcp6 = 0x21;
constexpr std::size_t kTlvHead = 3;  // type(8) length(16)

bool begins_like(std::string_view in, std::string_view start) {
  const std::size_t common = std::min(in.size(), start.size());
  return in.substr(0, common) == start.substr(0, common);
}

bool is_address(const std::string& text, int family) {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(family, text.c_str(), bytes.data()) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return port;
}

/// Takes the word in front and the one space behind it; the last word is what is left.
std::string_view take_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(space == rest.npos ? rest.size() : space + 1);
  return word;
}

Parsed parse_line(std::string_view in) {
  const std::string_view window = in.substr(0, kMaxProxyLine);
  const std::size_t end = window.find('\n');
  if (end == window.npos) {
    if (window.size() == kMaxProxyLine) return HttpErrc::bad_proxy_header;
    return std::nullopt;
  }
  std::string_view line = window.substr(0, end);
  if (!line.ends_with('\r')) return HttpErrc::bad_proxy_header;
  line.remove_suffix(1);
  line.remove_prefix(kLineStart.size());

  ProxyHeader header{.size = end + 1};
  const std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") return header;  // whatever else the line says is to be ignored
  const bool is_v6 = protocol == "TCP6";
  if (!is_v6 && protocol != "TCP4") return HttpErrc::bad_proxy_header;
  const std::string source(take_word(line)), target(take_word(line));
  const std::string_view source_digits = take_word(line);
  const auto source_port = parse_port(source_digits), target_port = parse_port(line);
  const int family = is_v6 ? AF_INET6 : AF_INET;
  if (!is_address(source, family) || !is_address(target, family) || !source_port || !target_port)
    return HttpErrc::bad_proxy_header;
  header.client = {source, *source_port};
  return header;
}

/// Type, length and value again and again, up to exactly the end.
bool are_tlvs(std::string_view rest) {
  while (!rest.empty()) {
    if (rest.size() < kTlvHead) return false;
    const auto size = static_cast<std::size_t>(load_big_endian(as_bytes(rest.substr(1, 2))));
    rest.remove_prefix(kTlvHead);
    if (size > rest.size()) return false;
    rest.remove_prefix(size);
  }
  return true;
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

Parsed parse_binary(std::string_view in) {
  if (in.size() < kFixed) return std::nullopt;
  const auto version_command = static_cast<unsigned char>(in[12]);
  const auto family = static_cast<unsigned char>(in[13]);
  const auto length = static_cast<std::size_t>(load_big_endian(as_bytes(in.substr(14, 2))));
  const unsigned command = version_command & 0xF;
  if (version_command >> 4 != kVersion2 || command > kProxy) return HttpErrc::bad_proxy_header;
  if (length > kMaxProxyPayload) return HttpErrc::bad_proxy_header;

  const bool names_client = command != kLocal && family != kUnspecified;
  const std::size_t address_size = family == kTcp4 ? 4 : 16;
  const std::size_t addresses = 2 * (address_size + 2);  // source, target, and the port of each
  if (names_client && ((family != kTcp4 && family != kTcp6) || length < addresses))
    return HttpErrc::bad_proxy_header;
  if (in.size() < kFixed + length) return std::nullopt;

  ProxyHeader header{.size = kFixed + length};
  if (!names_client) return header;
  const std::string_view payload = in.substr(kFixed, length);
  if (!are_tlvs(payload.substr(addresses))) return HttpErrc::bad_proxy_header;
  const auto port = load_big_endian(as_bytes(payload.substr(2 * address_size, 2)));
  header.client = {address_text(payload.substr(0, address_size)), static_cast<std::uint16_t>(port)};
  return header;
}

}  // namespace

Parsed parse_proxy_header(std::string_view in) {
  if (begins_like(in, kSignature)) return parse_binary(in);
  if (!begins_like(in, kLineStart)) return ProxyHeader{};
  if (in.size() < kLineStart.size()) return std::nullopt;
  return parse_line(in);
}

}  // namespace weft::http
