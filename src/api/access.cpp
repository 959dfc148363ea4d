#include "api/access.hpp"

#include <algorithm>
#include <optional>

#include "base/base64.hpp"

namespace weft::api {
namespace {

struct Credentials {
  std::string username, password;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

/// RFC 7617.
std::optional<Credentials> credentials_of(const transport::HttpRequest& request) {
  const std::string* header = request.header("authorization");
  if (!header || lower(std::string_view(*header).substr(0, 6)) != "basic ") return std::nullopt;
  const auto decoded = decode_base64(std::string_view(*header).substr(6));
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

std::string address_of(const transport::HttpRequest& request) {
  const auto address = request.remote.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .to_string();
  return address.to_string();
}

/// The host in "http://host:port" or "host:port", without the brackets of an IPv6 address.
std::string host_of(std::string_view text) {
  if (const std::size_t scheme = text.find("://"); scheme != text.npos)
    text.remove_prefix(scheme + 3);
  if (text.starts_with('[')) return lower(text.substr(1, text.find(']') - 1));
  return lower(text.substr(0, text.find(':')));
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

}  // namespace

bool matches_pattern(std::string_view text, std::string_view pattern) {
  std::size_t at = 0, in = 0, star = pattern.npos, resume = 0;
  while (at < text.size()) {
    if (in < pattern.size() && pattern[in] == '*') {
      star = in++;
      resume = at;
    } else if (in < pattern.size() && pattern[in] == text[at]) {
      ++in;
      ++at;
    } else if (star != pattern.npos) {  // let the last star take one more
      in = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in) == pattern.npos;
}

bool same_secret(std::string_view given, std::string_view secret) {
  unsigned differ = given.size() != secret.size();
  for (std::size_t i = 0; i < given.size(); ++i)
    differ |= static_cast<unsigned>(given[i] ^ (secret.empty() ? '\1' : secret[i % secret.size()]));
  return differ == 0;
}

Grant Access::grant(const transport::HttpRequest& request) const {
  if (users_.empty()) return {true, true, true};
  const auto credentials = credentials_of(request);
  const std::string address = address_of(request);
  Grant grant;
  for (const AccessUser& user : users_) {
    const bool anybody = user.username == "*" && !request.header("authorization");
    const bool right = credentials && user.username != "*" && !user.password.empty() &&
                       (same_secret(credentials->username, user.username) &
                        same_secret(credentials->password, user.password));
    if ((anybody || right) && matches_pattern(address, user.host) && !grant.known)
      grant = {true, user.read, user.write, user.username};
  }
  return grant;
}

bool is_own_origin(const transport::HttpRequest& request) {
  const std::string* origin = request.header("origin");
  if (!origin) return true;
  const std::string* host = request.header("host");
  const std::string page = host_of(*origin);
  return !page.empty() && (is_loopback(page) || (host && page == host_of(*host)));
}

}  // namespace weft::api
