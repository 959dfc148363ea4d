#include "client/upgrade.hpp"

#include <openssl/rand.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/check.hpp"
#include "wire/ws/handshake.hpp"

namespace weft::client {
namespace {

namespace http = boost::beast::http;

std::string fresh_key() {
  std::array<std::byte, 16> random;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), random.size()) == 1,
        "OpenSSL has random bytes");
  return ws::make_key(random);
}

std::string request_for(const std::string& address, const std::string& key,
                        const std::string& authorization) {
  std::string request =
      "GET /ws/v1 HTTP/1.1\r\nHost: " + address +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: " +
      key + "\r\n";
  if (!authorization.empty()) request += "Authorization: " + authorization + "\r\n";
  return request + "\r\n";
}

}  // namespace

asio::awaitable<Result<std::string>> upgrade(std::shared_ptr<Stream> stream, std::string address,
                                             std::string authorization) {
  const std::string key = fresh_key();
  const std::string request = request_for(address, key, authorization);
  if (const error_code error = co_await stream->write(asio::buffer(request))) co_return error;

  http::response_parser<http::empty_body> head;
  std::string received;
  std::array<char, 4096> chunk;
  while (!head.is_header_done()) {
    const Result<std::size_t> size = co_await stream->read(asio::buffer(chunk));
    if (!size) co_return size.error();
    received.append(chunk.data(), *size);
    error_code error;
    received.erase(0, head.put(asio::buffer(received), error));
    if (error && error != http::error::need_more) co_return error_code(ClientErrc::bad_answer);
  }
  if (head.get().result() != http::status::switching_protocols)
    co_return error_code(ClientErrc::handshake_refused);
  if (head.get()["Sec-WebSocket-Accept"] != ws::accept_key(key))
    co_return error_code(ClientErrc::bad_answer);
  co_return received;
}

}  // namespace weft::client
