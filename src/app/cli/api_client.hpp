// How commands talk to a running node: where its API is, one HTTP call, and what its answers mean
// for the exit code.
#pragma once
#include <boost/json/value.hpp>
#include <string>

#include "app/cli/globals.hpp"

namespace weft::cli {

struct ApiTarget {
  std::string address;  ///< "127.0.0.1:6789"
  bool tls = false;
  std::string user, password;
  std::string url() const { return (tls ? "https://" : "http://") + address; }
};

/// --api, else WEFT_API, else listen.api of the configuration, else the default.
ApiTarget find_api(const Globals& globals);

/// The outcome of a call: an exit code, and the answer when that is kOk. Everything else has been
/// said already.
struct ApiAnswer {
  int exit_code = 0;
  std::string body;
  boost::json::value json;
};

ApiAnswer call_api(const Globals& globals, const std::string& method, const std::string& path,
                   const std::string& body = "");

/// "cannot connect to …" with what to do about it; gives kCannotConnect.
int cannot_connect(const ApiTarget& api, const std::string& reason);
/// "the server refused: …"; gives kRefused.
int refused(const ApiTarget& api, const std::string& reason);

}  // namespace weft::cli
