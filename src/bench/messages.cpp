#include "bench/messages.hpp"

#include <algorithm>
#include <charconv>

#include "base/bytes.hpp"
#include "wire/ws/close.hpp"

namespace weft::bench {
namespace {

namespace errc = boost::system::errc;

// The example of RFC 6455 section 1.3; a load generator needs no fresh key per connection.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

void append_lines(std::string& head, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) head.append(line).append("\r\n");
}

bool equal_letters(char a, char b) { return (a | 0x20) == (b | 0x20); }

/// The number behind `content-length:` in a response head.
std::optional<std::size_t> content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  const auto at = std::ranges::search(head, kName, equal_letters);
  if (at.empty()) return std::nullopt;
  std::string_view value(at.end(), head.end());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  std::size_t length = 0;
  const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc{}) return std::nullopt;
  return length;
}

Reply::Kind kind_of(ws::Opcode opcode) {
  switch (opcode) {
    case ws::Opcode::ping:
      return Reply::Kind::ping;
    case ws::Opcode::pong:
      return Reply::Kind::pong;
    case ws::Opcode::close:
      return Reply::Kind::close;
    default:
      return Reply::Kind::message;
  }
}

}  // namespace

std::string upgrade_request(const Url& url, const std::vector<std::string>& headers) {
  std::string head =
      "GET " + url.path + " HTTP/1.1\r\nHost: " + url.authority() +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: " +
      std::string(kKey) + "\r\n";
  append_lines(head, headers);
  return head += "\r\n";
}

Result<std::optional<std::size_t>> upgrade_answer_end(std::string_view in) {
  const std::size_t end = in.find(kHeadEnd);
  if (end == in.npos) return std::nullopt;
  const std::string_view head = in.substr(0, end);
  if (!head.starts_with("HTTP/1.1 101")) return make_error_code(errc::connection_refused);
  if (head.find(kAccept) == head.npos) return make_error_code(errc::bad_message);
  return end + kHeadEnd.size();
}

std::string post_request(const Url& url, std::string_view body,
                         const std::vector<std::string>& headers, std::string_view content_type) {
  std::string request = "POST " + url.path + " HTTP/1.1\r\nHost: " + url.authority() +
                        "\r\nContent-Type: " + std::string(content_type) +
                        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  append_lines(request, headers);
  return request.append("\r\n").append(body);
}

Result<std::optional<Reply>> next_http_answer(std::string_view in) {
  const std::size_t end = in.find(kHeadEnd);
  if (end == in.npos) return std::nullopt;
  const std::string_view head = in.substr(0, end);
  if (!head.starts_with("HTTP/1.1 2")) return make_error_code(errc::permission_denied);
  const auto length = content_length(head);
  if (!length) return make_error_code(errc::bad_message);
  const std::size_t from = end + kHeadEnd.size();
  if (in.size() - from < *length) return std::nullopt;
  return Reply{Reply::Kind::message, in.substr(from, *length), from + *length};
}

std::string client_frame(ws::Opcode opcode, std::string_view payload) {
  // One key for all: proxies that keys protect from are not part of a bench, and any key costs the
  // same.
  constexpr ws::MaskKey kMask{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
  return std::string(ws::encode_client_frame(opcode, as_bytes(payload), kMask).text());
}

Result<std::optional<Reply>> next_frame(std::string_view in) {
  std::size_t skipped = 0;
  for (;;) {
    const std::string_view rest = in.substr(skipped);
    const auto header = ws::parse_header(as_bytes(rest));
    if (!header) return header.error();
    if (!*header || rest.size() - (*header)->header_size < (*header)->payload_size)
      return std::nullopt;
    const std::size_t size = (*header)->header_size + (*header)->payload_size;
    if ((*header)->fin) {
      return Reply{kind_of((*header)->opcode),
                   rest.substr((*header)->header_size, (*header)->payload_size), skipped + size};
    }
    skipped += size;
  }
}

std::string close_text(std::string_view payload) {
  const auto frame = ws::parse_close(as_bytes(payload));
  if (!frame) return "with a bad close frame";
  return "close code " + std::to_string(frame->code) + ' ' + std::string(frame->reason);
}

}  // namespace weft::bench
