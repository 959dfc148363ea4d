#include <algorithm>
#include <boost/url.hpp>
#include <charconv>

#include "driver/redis/client.hpp"

namespace weft::redis {
namespace {

namespace urls = boost::urls;

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && stop == text.data() + text.size();
}

/// host:port of `url`; nullopt = it has none, or they are wrong.
std::optional<Address> address_of(const urls::url_view& url, std::uint16_t usual_port) {
  const bool is_name = url.host_type() == urls::host_type::name;
  Address address{std::string(is_name ? url.host_name() : url.host_address()), usual_port};
  if (address.host.empty() || std::ranges::count(address.host, ',') > 0) return std::nullopt;
  const bool is_bad =
      !url.port().empty() && (!read_number(url.port(), address.port) || address.port == 0);
  if (is_bad) return std::nullopt;
  return address;
}

/// redis://user:password@one/path, with the hosts taken out into `hosts`: a URL has only one.
std::string without_hosts(std::string_view rest, std::string_view& hosts) {
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  const std::size_t at = authority.rfind('@');
  const std::size_t begin = at == authority.npos ? 0 : at + 1;
  hosts = authority.substr(begin);
  return "redis://" + std::string(authority.substr(0, begin)) + "one" +
         std::string(rest.substr(slash));
}

bool read_sentinels(std::string_view hosts, RedisOptions& options) {
  constexpr std::uint16_t kSentinelPort = 26379;
  for (std::size_t comma = 0; comma != hosts.npos;) {
    comma = hosts.find(',');
    const std::string text = "redis://" + std::string(hosts.substr(0, comma));
    const auto url = urls::parse_uri(text);
    if (!url || url->has_userinfo() || !url->encoded_path().empty()) return false;
    auto address = address_of(*url, kSentinelPort);
    if (!address) return false;
    options.sentinels.push_back(std::move(*address));
    if (comma != hosts.npos) hosts.remove_prefix(comma + 1);
  }
  return true;
}

/// /db, and /master/db with sentinels.
bool read_path(const urls::url_view& url, RedisOptions& options) {
  std::vector<std::string> parts;
  for (const auto part : url.segments()) parts.emplace_back(part);
  if (!options.sentinels.empty()) {
    if (parts.empty() || parts[0].empty()) return false;
    options.master = parts[0];
    parts.erase(parts.begin());
  }
  if (parts.size() > 1) return false;
  return parts.empty() || parts[0].empty() || read_number(parts[0], options.database);
}

}  // namespace

Result<RedisOptions> parse_url(const std::string& text) {
  const error_code bad = make_error_code(boost::system::errc::invalid_argument);
  const std::size_t end = text.find("://");
  const std::string_view scheme = std::string_view(text).substr(0, std::min(end, text.size()));
  const bool has_sentinels = scheme == "redis+sentinel" || scheme == "rediss+sentinel";
  if (!has_sentinels && scheme != "redis" && scheme != "rediss") return bad;
  RedisOptions options;
  options.tls = scheme.starts_with("rediss");

  std::string_view hosts;
  const std::string one =
      has_sentinels ? without_hosts(std::string_view(text).substr(end + 3), hosts) : text;
  const auto url = urls::parse_uri(one);
  if (!url || url->has_query() || url->has_fragment()) return bad;
  if (has_sentinels && !read_sentinels(hosts, options)) return bad;
  if (!has_sentinels) {
    const auto address = address_of(*url, options.port);
    if (!address) return bad;
    options.host = address->host;
    options.port = address->port;
  }
  options.user = std::string(url->user());
  options.password = std::string(url->password());
  if (!read_path(*url, options)) return bad;
  return options;
}

}  // namespace weft::redis
