// Everything that can be wrong with the HTTP/1.1 a peer sends, and the status that each earns.
#pragma once
#include "weft/result.hpp"

namespace weft::http {

enum class HttpErrc {
  bad_method = 1,
  not_http,
  http2,
  bad_target,
  target_too_long,
  bad_version,
  unsupported_version,
  bad_line_end,
  folded_header,
  bad_header_name,
  bad_header_value,
  too_many_headers,
  head_too_large,
  missing_host,
  duplicate_host,
  bad_host,
  bad_content_length,
  duplicate_content_length,
  length_and_encoding,
  bad_transfer_encoding,
  unknown_transfer_encoding,
  bad_chunk,
  body_too_large,
  bad_proxy_header,
};

error_code make_error_code(HttpErrc error);

/// The status to answer with before closing: 400, 413, 414, 431, 501 or 505; 500 for an error that
/// is not a HttpErrc.
int status(const error_code& error);

}  // namespace weft::http

template <>
struct boost::system::is_error_code_enum<weft::http::HttpErrc> : std::true_type {};
