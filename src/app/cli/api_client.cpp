#include "app/cli/api_client.hpp"

#include <boost/json.hpp>
#include <cstdlib>
#include <optional>

#include "app/cli/exit_codes.hpp"
#include "app/config_load.hpp"
#include "app/value_text.hpp"
#include "driver/http/client.hpp"
#include "net/loop.hpp"

namespace weft::cli {
namespace {

namespace json = boost::json;

/// listen.api of the configuration, as one connects to it. A file with errors still tells its API's
/// address.
ApiTarget configured(const Globals& globals) {
  LoadRequest request;
  request.file = globals.file.empty() ? find_config_file() : globals.file;
  request.environment = process_environment();
  request.sets = globals.sets;
  const Config config = load_config(request).config;
  ApiTarget target;
  auto address = parse_address(config.listen.api.address);
  if (!address) address = parse_address(Config{}.listen.api.address);
  if (address->is_every_interface()) address->host = "127.0.0.1";
  target.address = to_string(*address);
  target.tls = config.listen.api.tls.enabled();
  return target;
}

/// "http://host:port", "https://host:port" or "host:port".
ApiTarget from_text(std::string text) {
  ApiTarget target;
  target.tls = text.starts_with("https://");
  if (const std::size_t scheme = text.find("://"); scheme != std::string::npos)
    text.erase(0, scheme + 3);
  while (text.ends_with('/')) text.pop_back();
  if (text.rfind(':') == std::string::npos) text += ":6789";
  target.address = text;
  return target;
}

/// The error inside an answer of the API: {"E":{"c":..,"m":".."}} or
/// {"error":{"code":..,"message":".."}}.
std::optional<std::string> error_in(const json::value& answer) {
  const json::object* object = answer.if_object();
  const json::value* error = object ? object->if_contains("E") : nullptr;
  const json::object* details = error ? error->if_object() : nullptr;
  if (!details) return std::nullopt;
  const json::value* message = details->if_contains("m");
  return message && message->is_string() ? std::string(message->as_string())
                                         : json::serialize(*error);
}

Result<http_client::HttpResponse> ask(http_client::HttpRequest request) {
  metrics::Registry metrics;
  net::Loop loop(0, 1, metrics);
  std::optional<Result<http_client::HttpResponse>> answer;
  loop.post([&] {
    http_client::fetch(loop, std::move(request), [&](Result<http_client::HttpResponse> result) {
      answer = std::move(result);
      loop.stop();
    });
  });
  loop.run();
  return std::move(*answer);
}

}  // namespace

ApiTarget find_api(const Globals& globals) {
  const char* environment = std::getenv("WEFT_API");
  ApiTarget target = !globals.api.empty()                                  ? from_text(globals.api)
                     : environment && *environment && globals.file.empty() ? from_text(environment)
                                                                           : configured(globals);
  target.user = globals.user;
  target.password = globals.password;
  return target;
}

int cannot_connect(const ApiTarget& api, const std::string& reason) {
  return fail(kCannotConnect, "cannot connect to " + api.url() + ": " + reason,
              "is weft running? start it with  weft dev  or name another with  --api HOST:PORT");
}

int refused(const ApiTarget&, const std::string& reason) {
  return fail(kRefused, "the server refused: " + reason);
}

ApiAnswer call_api(const Globals& globals, const std::string& method, const std::string& path,
                   const std::string& body) {
  const ApiTarget api = find_api(globals);
  http_client::HttpRequest request;
  request.method = method;
  request.url = api.url() + path;
  request.body = body;
  if (!body.empty()) request.headers = {{"Content-Type", "application/json"}};
  if (!api.user.empty()) request.basic_auth = {{api.user, api.password}};
  const Result<http_client::HttpResponse> response = ask(std::move(request));
  if (!response) {
    if (response.error() == http_client::HttpErrc::bad_url)
      return {fail(kUsage, "--api " + api.address + " is not an address",
                   "write  --api 127.0.0.1:6789"),
              "",
              {}};
    return {cannot_connect(api, response.error().message()), "", {}};
  }
  error_code not_json;
  ApiAnswer answer{kOk, response->body, json::parse(response->body, not_json)};
  const auto error = not_json ? std::nullopt : error_in(answer.json);
  if (response->status == 401 || response->status == 403) {
    fail(kRefused,
         "the server refused: " + error.value_or("HTTP " + std::to_string(response->status)),
         "log in as an access user:  --user NAME, and its password in WEFT_PASSWORD");
    answer.exit_code = kRefused;
  } else if (error) {
    answer.exit_code = refused(api, *error);
  } else if (response->status / 100 != 2 || not_json) {
    answer.exit_code = refused(api, "HTTP " + std::to_string(response->status) +
                                        (not_json ? ", and not JSON: is this weft's API?" : ""));
  }
  return answer;
}

}  // namespace weft::cli
