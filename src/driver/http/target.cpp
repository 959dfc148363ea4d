#include "driver/http/target.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <cctype>

namespace weft::http_client {
namespace {

namespace urls = boost::urls;

std::string encode(std::string_view text) { return urls::encode(text, urls::unreserved_chars); }

bool is_printable(char c) { return c > 0x20 && c < 0x7F; }

// Escapes the bytes that no URL may hold, and square brackets behind the host; control characters
// stay, and make the parser refuse the URL.
std::string tolerate(std::string_view url) {
  const std::size_t authority = url.find("//");
  const std::size_t path =
      authority == url.npos ? 0 : std::min(url.find_first_of("/?#", authority + 2), url.size());
  std::string out(url.substr(0, path));
  for (const char c : url.substr(path)) {
    const bool escapes = c == ' ' || static_cast<unsigned char>(c) >= 0x80 ||
                         std::string_view("\"<>[]\\^`{|}").find(c) != std::string_view::npos;
    out += escapes ? encode({&c, 1}) : std::string(1, c);
  }
  return out;
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

std::string query_of(const urls::url_view& url, const Pairs& query) {
  std::string out(url.encoded_query());
  for (const auto& [key, value] : query) {
    if (!out.empty() && out.back() != '&') out += '&';
    out += encode(key) + '=' + encode(value);
  }
  return out;
}

}  // namespace

Result<Target> read_target(const std::string& text, const Pairs& query) {
  const std::string tolerated = tolerate(text);
  const auto parsed = urls::parse_uri(tolerated);
  if (!parsed) return HttpErrc::bad_url;
  const urls::url_view& url = *parsed;

  Target target;
  target.tls = url.scheme_id() == urls::scheme::https;
  if (!target.tls && url.scheme_id() != urls::scheme::http) return HttpErrc::bad_url;

  const bool is_address =
      url.host_type() == urls::host_type::ipv4 || url.host_type() == urls::host_type::ipv6;
  target.host = url.host_address();
  if (!is_address && !(url.host_type() == urls::host_type::name && is_host_name(target.host))) {
    return HttpErrc::bad_url;
  }
  const std::uint16_t usual_port = target.tls ? 443 : 80;
  target.port = url.port().empty() ? usual_port : url.port_number();
  if (target.port == 0) return HttpErrc::bad_url;
  // Boost.URL 1.81 takes "http://h:x/" for an empty port and the path "x/".
  if (!url.encoded_path().empty() && !url.encoded_path().starts_with('/')) return HttpErrc::bad_url;
  target.host_field = std::string(url.encoded_host());
  if (target.port != usual_port) target.host_field += ':' + std::to_string(target.port);

  target.resource = url.encoded_path().empty() ? "/" : std::string(url.encoded_path());
  const std::string whole_query = query_of(url, query);
  if (!whole_query.empty()) target.resource += '?' + whole_query;
  target.url = (target.tls ? "https://" : "http://") + target.host_field + target.resource;
  if (url.has_userinfo()) target.user.emplace(url.user(), url.password());
  if (!std::ranges::all_of(target.url, is_printable)) return HttpErrc::bad_url;
  return target;
}

}  // namespace weft::http_client
