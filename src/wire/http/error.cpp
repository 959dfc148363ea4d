#include "wire/http/error.hpp"

#include <string>

namespace weft::http {
namespace {

struct Entry {
  int status;
  const char* text;
};

Entry entry_of(int value) {
  switch (static_cast<HttpErrc>(value)) {
    case HttpErrc::bad_method:
      return {400, "the request method is not a token"};
    case HttpErrc::not_http:
      return {400, "this is not HTTP"};
    case HttpErrc::http2:
      return {505, "HTTP/2 is not spoken here"};
    case HttpErrc::bad_target:
      return {400, "the request target is malformed"};
    case HttpErrc::target_too_long:
      return {414, "the request target is longer than half of max_header_bytes"};
    case HttpErrc::bad_version:
      return {400, "the request line does not end in an HTTP version"};
    case HttpErrc::unsupported_version:
      return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    case HttpErrc::bad_line_end:
      return {400, "a line does not end in CR LF"};
    case HttpErrc::folded_header:
      return {400, "a header is folded over two lines"};
    case HttpErrc::bad_header_name:
      return {400, "a header name is not a token directly before its colon"};
    case HttpErrc::bad_header_value:
      return {400, "a header value holds a control character"};
    case HttpErrc::too_many_headers:
      return {431, "the request has more headers than max_headers"};
    case HttpErrc::head_too_large:
      return {431, "the request head is larger than max_header_bytes"};
    case HttpErrc::missing_host:
      return {400, "the request has no Host header"};
    case HttpErrc::duplicate_host:
      return {400, "the request has several Host headers"};
    case HttpErrc::bad_host:
      return {400, "the Host header is malformed, or another than the target names"};
    case HttpErrc::bad_content_length:
      return {400, "Content-Length is not a number of bytes"};
    case HttpErrc::duplicate_content_length:
      return {400, "the request has several Content-Length headers"};
    case HttpErrc::length_and_encoding:
      return {400, "the request has both Content-Length and Transfer-Encoding"};
    case HttpErrc::bad_transfer_encoding:
      return {400, "Transfer-Encoding is not chunked"};
    case HttpErrc::unknown_transfer_encoding:
      return {501, "only the transfer encoding chunked is understood here"};
    case HttpErrc::bad_chunk:
      return {400, "the chunked body is malformed"};
    case HttpErrc::body_too_large:
      return {413, "the body is larger than max_body"};
    case HttpErrc::bad_proxy_header:
      return {400, "the PROXY header is malformed"};
  }
  return {500, nullptr};
}

class Category : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "http"; }
  std::string message(int value) const override {
    const char* text = entry_of(value).text;
    return text ? text : "unknown HTTP error " + std::to_string(value);
  }
};

const Category kCategory;

}  // namespace

error_code make_error_code(HttpErrc error) { return {static_cast<int>(error), kCategory}; }

int status(const error_code& error) {
  return error.category() == kCategory ? entry_of(error.value()).status : 500;
}

}  // namespace weft::http
