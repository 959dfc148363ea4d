#include "wire/http/request_head.hpp"

#include <algorithm>
#include <charconv>

namespace weft::http {
namespace {

constexpr std::size_t kMaxMethod =
    32;  // so that a stream of letters is not taken for a very long method
constexpr std::string_view kVersion = "HTTP/";
constexpr std::size_t kMaxLengthDigits = 19;  // all of them fit into 64 bits

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Visible ASCII without what a URI may never hold. Browsers leave {}|^` as they are in queries.
constexpr bool is_target_char(char c) {
  return c > 0x20 && c < 0x7F && c != '"' && c != '#' && c != '<' && c != '>';
}

constexpr bool is_host_char(char c) {
  return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
         std::string_view("-._~%!$&'()*+;=").find(c) != std::string_view::npos;
}

constexpr bool is_ipv6_char(char c) {
  return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f') || c == ':' || c == '.';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// A line without its CR LF, or the beginning of one that is not whole yet.
struct Line {
  std::string_view text;
  bool is_whole = false;
};

/// Errors: bad_line_end for a CR or LF that is not part of a CR LF.
Result<Line> next_line(std::string_view in) {
  const std::size_t lf = in.find('\n');
  std::string_view text = in.substr(0, lf);
  if (lf != in.npos && !text.ends_with('\r')) return HttpErrc::bad_line_end;
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.find('\r') != text.npos) return HttpErrc::bad_line_end;
  return Line{text, lf != in.npos};
}

/// What stands before `separator`, or all of an unfinished line. `is_whole` tells which.
Line part(const Line& line, char separator) {
  const std::size_t end = line.text.find(separator);
  return {line.text.substr(0, end), end != std::string_view::npos};
}

error_code read_version(const Line& line, RequestHead& head) {
  const std::string_view text = line.text;
  const std::size_t common = std::min(text.size(), kVersion.size());
  if (text.substr(0, common) != kVersion.substr(0, common)) return HttpErrc::bad_version;
  if (!line.is_whole && text.size() <= kVersion.size() + 3) return {};
  const std::string_view number = text.substr(common);
  if (number.size() != 3 || !is_digit(number[0]) || number[1] != '.' || !is_digit(number[2]))
    return HttpErrc::bad_version;
  if (number != "1.1" && number != "1.0") return HttpErrc::unsupported_version;
  head.minor_version = number[2] - '0';
  return {};
}

error_code read_request_line(Line line, const HeadLimits& limits, RequestHead& head) {
  const Line method = part(line, ' ');
  if (!method.text.empty() && !is_token(method.text)) return HttpErrc::not_http;
  if (method.text.size() > kMaxMethod) return HttpErrc::bad_method;
  if (!method.is_whole) return line.is_whole ? HttpErrc::not_http : error_code{};
  if (method.text.empty()) return HttpErrc::bad_method;
  if (method.text == "PRI") return HttpErrc::http2;  // RFC 9113 section 3.4
  head.method = method.text;

  line.text.remove_prefix(method.text.size() + 1);
  const Line target = part(line, ' ');
  if (!std::ranges::all_of(target.text, is_target_char)) return HttpErrc::bad_target;
  if (target.text.size() > limits.max_target) return HttpErrc::target_too_long;
  if (!target.is_whole) return line.is_whole ? HttpErrc::bad_version : error_code{};
  if (target.text.empty()) return HttpErrc::bad_target;
  head.target = target.text;

  line.text.remove_prefix(target.text.size() + 1);
  return read_version(line, head);
}

error_code read_header(const Line& line, const HeadLimits& limits, RequestHead& head) {
  if (is_blank(line.text.front())) return HttpErrc::folded_header;
  const Line name = part(line, ':');
  if (!is_token(name.text)) return HttpErrc::bad_header_name;
  if (!name.is_whole) return line.is_whole ? HttpErrc::bad_header_name : error_code{};
  const std::string_view value = line.text.substr(name.text.size() + 1);
  if (!is_field_value(value)) return HttpErrc::bad_header_value;
  if (head.headers.size() == limits.max_headers) return HttpErrc::too_many_headers;
  if (line.is_whole) head.headers.push_back({name.text, trim(value)});
  return {};
}

bool is_host(std::string_view text) {
  std::size_t name_size = 0;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || end < 3 || !std::ranges::all_of(text.substr(1, end - 1), is_ipv6_char))
      return false;
    name_size = end + 1;
  } else {
    name_size = std::min(text.find(':'), text.size());
    if (name_size == 0 || !std::ranges::all_of(text.substr(0, name_size), is_host_char))
      return false;
  }
  const std::string_view port = text.substr(name_size);
  return port.empty() || (port.starts_with(':') && port.size() <= 6 &&
                          std::ranges::all_of(port.substr(1), is_digit));
}

/// The authority of an absolute target; nullopt for the other forms.
std::optional<std::string_view> authority_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    return target.substr(0, target.find_first_of("/?"));
  }
  return std::nullopt;
}

/// Where the request goes to: said once, or twice the same (RFC 9112 sections 3.2 and 3.3).
error_code judge_target(const RequestHead& head) {
  const std::vector<std::string_view> hosts = head.all("host");
  if (hosts.size() > 1) return HttpErrc::duplicate_host;
  if (hosts.empty() && head.minor_version == 1) return HttpErrc::missing_host;
  if (!hosts.empty() && !is_host(hosts[0])) return HttpErrc::bad_host;
  if (head.target.starts_with('/') || (head.target == "*" && head.method == "OPTIONS")) return {};
  const std::optional<std::string_view> authority = authority_of(head.target);
  if (!authority || !is_host(*authority)) return HttpErrc::bad_target;
  if (!hosts.empty() && !equals_ignoring_case(*authority, hosts[0])) return HttpErrc::bad_host;
  return {};
}

error_code judge_encoding(const RequestHead& head, const std::vector<std::string_view>& encodings) {
  if (encodings.size() > 1 || head.minor_version == 0) return HttpErrc::bad_transfer_encoding;
  if (equals_ignoring_case(encodings[0], "chunked")) return {};
  // Honest but not for us: registered codings, then chunked. Anything else is an attempt to be
  // misread.
  std::string_view codings = encodings[0];
  for (;;) {
    const std::size_t comma = codings.find(',');
    const std::string_view coding = trim(codings.substr(0, comma));
    if (comma == codings.npos)
      return equals_ignoring_case(coding, "chunked") ? HttpErrc::unknown_transfer_encoding
                                                     : HttpErrc::bad_transfer_encoding;
    const auto is_coding = [&](std::string_view known) {
      return equals_ignoring_case(coding, known);
    };
    const std::string_view known[] = {"gzip", "x-gzip", "deflate", "compress", "x-compress"};
    if (std::ranges::none_of(known, is_coding)) return HttpErrc::bad_transfer_encoding;
    codings.remove_prefix(comma + 1);
  }
}

/// Where the body ends (RFC 9112 section 6.3).
error_code judge_body(RequestHead& head) {
  const std::vector<std::string_view> lengths = head.all("content-length");
  const std::vector<std::string_view> encodings = head.all("transfer-encoding");
  if (!lengths.empty() && !encodings.empty()) return HttpErrc::length_and_encoding;
  if (!encodings.empty()) {
    head.body = BodyKind::chunked;
    return judge_encoding(head, encodings);
  }
  if (lengths.empty()) return {};
  if (lengths.size() > 1) return HttpErrc::duplicate_content_length;
  const std::string_view digits = lengths[0];
  if (digits.empty() || digits.size() > kMaxLengthDigits || !std::ranges::all_of(digits, is_digit))
    return HttpErrc::bad_content_length;
  std::from_chars(digits.data(), digits.data() + digits.size(), head.content_length);
  if (head.content_length > 0) head.body = BodyKind::sized;
  return {};
}

bool has_token(const RequestHead& head, std::string_view name, std::string_view token) {
  return std::ranges::any_of(head.headers, [&](const HeaderView& header) {
    return equals_ignoring_case(header.name, name) && list_has_token(header.value, token);
  });
}

void read_connection(RequestHead& head) {
  const bool is_old = head.minor_version == 0;
  head.keep_alive = !has_token(head, "connection", "close") &&
                    (!is_old || has_token(head, "connection", "keep-alive"));
  head.upgrade_websocket = !is_old && has_token(head, "connection", "upgrade") &&
                           has_token(head, "upgrade", "websocket");
}

}  // namespace

std::optional<std::string_view> RequestHead::header(std::string_view name) const {
  const auto is_it = [&](const HeaderView& header) {
    return equals_ignoring_case(header.name, name);
  };
  const auto found = std::ranges::find_if(headers, is_it);
  return found == headers.end() ? std::nullopt : std::optional(found->value);
}

std::vector<std::string_view> RequestHead::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const HeaderView& header : headers) {
    if (equals_ignoring_case(header.name, name)) values.push_back(header.value);
  }
  return values;
}

Result<std::optional<RequestHead>> parse_request_head(std::string_view in,
                                                      const HeadLimits& limits) {
  in = in.substr(0, limits.max_bytes);
  RequestHead head;
  bool is_first = true;
  for (std::string_view rest = in;;) {
    const Result<Line> line = next_line(rest);
    if (!line) return line.error();
    if (line->is_whole) rest.remove_prefix(line->text.size() + 2);
    head.size = in.size() - rest.size();
    if (line->text.empty() && !is_first) {
      if (line->is_whole) break;
    } else if (is_first || !line->text.empty()) {
      const error_code error =
          is_first ? read_request_line(*line, limits, head) : read_header(*line, limits, head);
      if (error) return error;
      is_first = false;
    }
    if (line->is_whole) continue;
    if (in.size() == limits.max_bytes) return HttpErrc::head_too_large;
    return std::nullopt;
  }
  if (const error_code error = judge_target(head)) return error;
  if (const error_code error = judge_body(head)) return error;
  read_connection(head);
  return head;
}

}  // namespace weft::http
