#include "client/directory.hpp"

#include <array>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json.hpp>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "client/request.hpp"
#include "client/stream.hpp"
#include "client/watchdog.hpp"

namespace weft::client {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

constexpr std::size_t kMaxBody = 4 << 20;

const json::array* list_in(const json::value& value, std::string_view key) {
  const json::object* object = value.if_object();
  const json::value* found = object ? object->if_contains(key) : nullptr;
  return found ? found->if_array() : nullptr;
}

/// A string as it is, a number as digits; "" for everything else.
std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value) return {};
  if (const json::string* text = value->if_string()) return std::string(*text);
  return value->is_number() ? json::serialize(*value) : std::string();
}

/// "ip:port" under the key of the newest generation that the directory speaks.
std::string address_of(const json::object& node) {
  for (const char* key : {"api_server", "host"}) {
    if (std::string address = text_of(node, key); !address.empty()) return address;
  }
  const std::string ip = text_of(node, "ip"), port = text_of(node, "port");
  return ip.empty() || port.empty() ? std::string() : ip + ':' + port;
}

}  // namespace

Result<bool> speaks_v1(std::string_view version_answer) {
  error_code error;
  const json::value answer = json::parse(version_answer, error);
  if (error) return ClientErrc::bad_directory;
  for (const char* key : {"apis", "api"}) {
    const json::array* versions = list_in(answer, key);
    if (versions && std::ranges::find(*versions, json::value("v1")) != versions->end()) return true;
  }
  return false;
}

Result<std::vector<NodeInfo>> parse_nodes(std::string_view nodes_answer) {
  error_code error;
  const json::value answer = json::parse(nodes_answer, error);
  const json::array* list = error ? nullptr : list_in(answer, "nodes");
  if (!list) return ClientErrc::bad_directory;
  std::vector<NodeInfo> nodes;
  for (const json::value& entry : *list) {
    const json::object* node = entry.if_object();
    std::string address = node ? address_of(*node) : std::string();
    if (address.empty()) return ClientErrc::bad_directory;
    nodes.push_back({text_of(*node, "id"), std::move(address)});
  }
  return nodes;
}

std::string authorization(const Options& options) {
  if (options.user.empty()) return {};
  const std::string secret = options.user + ':' + options.password;
  return "Basic " + encode_base64(as_bytes(secret));
}

Directory::Directory(std::shared_ptr<const Options> options,
                     std::shared_ptr<boost::asio::ssl::context> tls)
    : options_(std::move(options)), tls_(std::move(tls)) {}

asio::awaitable<Result<std::vector<NodeInfo>>> Directory::nodes() {
  const Result<std::string> version = co_await get("/version");
  if (!version) co_return version.error();
  const Result<bool> known = speaks_v1(*version);
  if (!known || !*known) co_return error_code(ClientErrc::bad_directory);
  const Result<std::string> nodes = co_await get("/v1/nodes");
  if (!nodes) co_return nodes.error();
  co_return parse_nodes(*nodes);
}

void Directory::cancel() {
  cancelled_ = true;
  if (asking_) asking_->close();
}

// One connection per question: there is one a minute.
asio::awaitable<Result<std::string>> Directory::get(std::string path) {
  if (cancelled_) co_return error_code(asio::error::operation_aborted);
  const auto loop = co_await asio::this_coro::executor;
  const auto stream = std::make_shared<Stream>(loop, tls_);
  asking_ = stream;
  bool late = false;
  const Watchdog deadline(loop, options_->connect_timeout, [stream, &late] {
    late = true;
    stream->close();
  });

  const auto failed = [&late](error_code error) {
    return late ? error_code(ClientErrc::timed_out) : error;
  };
  if (const error_code error = co_await stream->connect(options_->directory))
    co_return failed(error);

  std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + options_->directory +
                        "\r\nAccept: application/json\r\nConnection: close\r\n";
  if (const std::string secret = authorization(*options_); !secret.empty()) {
    request += "Authorization: " + secret + "\r\n";
  }
  request += "\r\n";
  if (const error_code error = co_await stream->write(asio::buffer(request)))
    co_return failed(error);

  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(kMaxBody);
  std::string received;
  std::array<char, 4096> chunk;
  while (!parser.is_done()) {
    const Result<std::size_t> size = co_await stream->read(asio::buffer(chunk));
    error_code error;
    if (!size && size.error() == asio::error::eof) {
      parser.put_eof(error);
      if (error || !parser.is_done()) co_return error_code(ClientErrc::bad_directory);
      break;
    }
    if (!size) co_return failed(size.error());
    received.append(chunk.data(), *size);
    received.erase(0, parser.put(asio::buffer(received), error));
    if (error && error != http::error::need_more) co_return error_code(ClientErrc::bad_directory);
  }
  if (parser.get().result() != http::status::ok) co_return error_code(ClientErrc::bad_directory);
  co_return std::move(parser.get().body());
}

}  // namespace weft::client
