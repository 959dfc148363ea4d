// Who may use the API, and for what. HTTP Basic names the user; a user called "*" is anybody
// without credentials from the addresses it allows, for clients that cannot send any.
#pragma once
#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http.hpp"

namespace weft::api {

struct AccessUser {
  std::string username, password;
  bool read = true;        ///< consume and acknowledge jobs, watch channels, GET
  bool write = true;       ///< everything else: mesh.*, conn.*, queue.push, POST
  std::string host = "*";  ///< pattern of the peer's address, `*` for any characters
};

/// What one client was let in for.
struct Grant {
  bool known = false;  ///< false: no user, wrong password or wrong address
  bool read = false, write = false;
  std::string username = {};  ///< for logs
};

/// No users: everybody may do everything (the API then listens on loopback only).
class Access {
 public:
  explicit Access(std::vector<AccessUser> users) : users_(std::move(users)) {}
  Grant grant(const transport::HttpRequest& request) const;

 private:
  std::vector<AccessUser> users_;
};

/// `*` stands for any characters, also none.
bool matches_pattern(std::string_view text, std::string_view pattern);
/// Takes the same time for every `given` of one length.
bool same_secret(std::string_view given, std::string_view secret);

/// A browser page may only come from this host: without an Origin header, or with one that names
/// the host the request was sent to, or a loopback name. Keeps foreign pages from driving an API
/// that needs no password.
bool is_own_origin(const transport::HttpRequest& request);

}  // namespace weft::api
