// Heads of responses, written.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "weft/result.hpp"
#include "wire/http/error.hpp"
#include "wire/http/header.hpp"

namespace weft::http {

/// RFC 9110 section 15's words for `status`; "Unknown" for a status we never heard of.
std::string_view reason_phrase(int status);

/// Status line, `headers` in their order, blank line. Length, date and connection are the caller's
/// headers.
///
/// Errors: bad_header_name, bad_header_value when one could break out of its line, so that a value
/// that came from a script or a peer cannot add headers or responses of its own.
Result<std::string> encode_response_head(int status, std::span<const HeaderView> headers);

}  // namespace weft::http
