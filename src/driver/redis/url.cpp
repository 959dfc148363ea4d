#include <boost/url.hpp>
#include <charconv>

#include "driver/redis/client.hpp"

namespace weft::redis {
namespace {

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && stop == text.data() + text.size();
}

}  // namespace

Result<RedisOptions> parse_url(const std::string& text) {
  const error_code bad = make_error_code(boost::system::errc::invalid_argument);
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "redis" && url->scheme() != "rediss") || url->host().empty())
    return bad;
  if (url->has_query() || url->has_fragment()) return bad;
  RedisOptions options;
  options.tls = url->scheme() == "rediss";
  options.host = std::string(
      url->host_type() == boost::urls::host_type::name ? url->host_name() : url->host_address());
  if (!url->port().empty() && (!read_number(url->port(), options.port) || options.port == 0))
    return bad;
  options.user = std::string(url->user());
  options.password = std::string(url->password());
  std::string_view path(url->encoded_path().data(), url->encoded_path().size());
  if (path.starts_with('/')) path.remove_prefix(1);
  if (!path.empty() && !read_number(path, options.database)) return bad;
  return options;
}

}  // namespace weft::redis
