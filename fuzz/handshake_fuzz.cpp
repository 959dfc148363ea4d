// What stands before the first frame: a PROXY header, request head, target, extensions and key, and
// the chunked body of other requests.
//
// Input: the bytes of a connection. Every property is checked on whatever of it parses.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "wire/http/chunked.hpp"
#include "wire/http/path.hpp"
#include "wire/http/proxy_header.hpp"
#include "wire/http/request_head.hpp"
#include "wire/http/response.hpp"
#include "wire/ws/handshake.hpp"

namespace {

using namespace weft;

constexpr http::HeadLimits kLimits{.max_bytes = 2048, .max_target = 512, .max_headers = 20};

bool points_into(std::string_view view, std::string_view in) {
  return view.empty() ||
         (view.data() >= in.data() && view.data() + view.size() <= in.data() + in.size());
}

void try_path(std::string_view target) {
  const auto path = http::clean_path(target);
  if (!path) return;
  check(path->starts_with('/'), "a path begins with a slash");
  const std::string closed = *path + "/";
  for (const char* bad : {"/../", "/./", "\\"})
    check(closed.find(bad) == closed.npos, "a path leads nowhere else");
  check(path->find("//") == path->npos, "no segment is empty");
  check(std::ranges::none_of(*path, [](unsigned char c) { return c < 0x20 || c == 0x7F; }),
        "no controls");
}

void try_extensions(std::span<const std::string_view> headers) {
  for (const bool takeover : {false, true}) {
    const auto agreed = ws::negotiate_deflate(
        headers, {.context_takeover = takeover, .client_max_window_bits = 12});
    if (!agreed) continue;
    check(takeover || (agreed->server_no_context_takeover && agreed->client_no_context_takeover),
          "off by default");
    check(agreed->server_max_window_bits.value_or(15) >= 9, "zlib can do it");
    const std::string answer = ws::format(*agreed);
    const std::string_view values[] = {answer};
    const auto read = ws::read_deflate_answer(values, {.context_takeover = true});
    check(agreed->client_max_window_bits == 8 || (read && *read == agreed),
          "a client reads what we agreed to");
  }
}

void try_chunks(std::string_view in) {
  const auto decode = [&](std::size_t most, std::string& body) {
    http::ChunkedDecoder decoder(300);
    std::size_t at = 0;
    while (at < in.size() && !decoder.is_done()) {
      const auto fed = decoder.feed(in.substr(at, most), body);
      if (!fed) return std::string::npos;
      at += *fed;
    }
    check(body.size() <= 300, "a body stays inside its limit");
    return at;
  };
  std::string whole, pieces;
  const std::size_t end = decode(in.size(), whole);
  check(decode(3, pieces) == end, "pieces change nothing");
  check(end == std::string::npos || whole == pieces, "pieces change nothing");
}

void try_proxy_header(std::string_view in) {
  const auto parsed = http::parse_proxy_header(in);
  for (std::size_t size = 0; size < std::min<std::size_t>(in.size(), 300); ++size) {
    const auto early = http::parse_proxy_header(in.substr(0, size));
    if (!early) return check(!parsed, "what a prefix proves wrong is wrong");
    if (!*early) continue;
    check(parsed && *parsed && (*parsed)->size == (*early)->size,
          "what follows a header changes nothing");
    return;
  }
  if (!parsed || !*parsed || !(*parsed)->client) return;
  check((*parsed)->size <= std::min(in.size(), 16 + http::kMaxProxyPayload), "limits hold");
  const auto& client = *(*parsed)->client;
  const bool is_v6 = client.address.find(':') != std::string::npos;
  const std::string line = std::string(is_v6 ? "PROXY TCP6 " : "PROXY TCP4 ") + client.address +
                           (is_v6 ? " ::1 " : " 127.0.0.1 ") + std::to_string(client.port) +
                           " 1\r\n";
  const auto again = http::parse_proxy_header(line);
  check(again && *again && (*again)->client && (*again)->client->address == client.address,
        "written out and read again it is the same client");
}

/// Two servers that read the same bytes must see the same request: what passes has one shape only.
void try_head(std::string_view in) {
  const auto head = http::parse_request_head(in, kLimits);
  bool failed = false, found = false;
  for (std::size_t size = 0; size <= std::min(in.size(), kLimits.max_bytes);
       size += 1 + size / 16) {
    const auto early = http::parse_request_head(in.substr(0, size), kLimits);
    check(!failed || !early, "an error does not go away");
    check(!found || (early && *early), "a head stays a head");
    failed = !early;
    found = early && *early;
    check(!failed || !head, "what a prefix proves wrong is wrong");
    check(!found || (head && *head && (*early)->size == (*head)->size),
          "what follows a head changes nothing");
  }
  if (!head || !*head) return;
  const http::RequestHead& request = **head;
  check(request.size <= kLimits.max_bytes && request.headers.size() <= kLimits.max_headers,
        "limits hold");
  std::string rebuilt(request.method);
  rebuilt.append(" ").append(request.target).append(" HTTP/1.");
  rebuilt.append(std::to_string(request.minor_version)).append("\r\n");
  for (const auto& [name, value] : request.headers) {
    check(points_into(name, in) && points_into(value, in), "views look at the input");
    check(http::is_token(name) && http::is_field_value(value), "nothing breaks out of its line");
    rebuilt.append(name).append(":").append(value).append("\r\n");
  }
  rebuilt += "\r\n";
  const auto again = http::parse_request_head(rebuilt, kLimits);
  check(again && *again && (*again)->body == request.body,
        "written out and read again it is the same request");
  check((*again)->content_length == request.content_length &&
            (*again)->keep_alive == request.keep_alive,
        "as above");
  check(!(request.header("content-length") && request.header("transfer-encoding")),
        "one way to end a body");

  try_path(request.target);
  try_extensions(request.all("sec-websocket-extensions"));
  if (const auto key = request.header("sec-websocket-key"); key && ws::is_valid_key(*key))
    check(ws::is_valid_key(*key) && ws::accept_key(*key).size() == 28,
          "an accept value is a SHA-1 in base64");
  if (request.body == http::BodyKind::chunked) try_chunks(in.substr(request.size));
  check(http::encode_response_head(400, request.headers).has_value(),
        "what was read can be written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  try_head(in);
  try_proxy_header(in);
  try_path(in);
  try_chunks(in);
  const std::string_view headers[] = {in.substr(0, in.find('\n')),
                                      in.substr(std::min(in.size(), in.find('\n')))};
  try_extensions(headers);
  return 0;
}
