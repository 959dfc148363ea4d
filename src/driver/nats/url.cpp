#include <boost/url.hpp>

#include "driver/nats/client.hpp"

namespace weft::nats {
namespace {

constexpr std::string_view kPort = "4222";

error_code bad_url() { return make_error_code(boost::system::errc::invalid_argument); }

/// One server of the list: user and password may stand before the first.
error_code read_server(const std::string& text, NatsOptions& options) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || url->host().empty() || url->has_query() || url->has_fragment()) return bad_url();
  if (!url->encoded_path().empty() && url->encoded_path() != "/") return bad_url();
  if (!url->port().empty() && url->port_number() == 0) return bad_url();
  if (url->has_password()) {
    options.user = std::string(url->user());
    options.password = std::string(url->password());
  } else if (url->has_userinfo()) {
    options.token = std::string(url->user());
  }
  const std::string_view port = url->port().empty() ? kPort : std::string_view(url->port());
  options.servers.push_back(std::string(url->encoded_host().data(), url->encoded_host().size()) +
                            ":" + std::string(port));
  return {};
}

}  // namespace

Result<NatsOptions> parse_url(std::string_view text) {
  NatsOptions options;
  options.servers.clear();
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return bad_url();
  const std::string scheme(text.substr(0, end + 3));
  if (scheme != "nats://" && scheme != "tls://") return bad_url();
  options.tls = scheme == "tls://";
  for (std::string_view rest = text.substr(scheme.size());;) {
    const std::size_t comma = rest.find(',');
    std::string_view one = rest.substr(0, comma);
    if (one.starts_with(scheme)) one.remove_prefix(scheme.size());
    if (const error_code error = read_server(scheme + std::string(one), options)) return error;
    if (comma == std::string_view::npos) return options;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace weft::nats
