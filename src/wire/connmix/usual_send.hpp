// The request that workers make most, read in one pass: mesh.send of plain text, spelled as client
// programs spell it. Everything else is left to parse_request().
#pragma once
#include <optional>
#include <string_view>

#include "wire/connmix/request.hpp"

namespace weft::connmix {

/// Reads {"m":"mesh.send","p":{"c":"7","d":"text"},"i":1} when `text` is exactly that: these keys
/// in this order without blanks, digits in `c` (with or without quotes) and `i`, printable ASCII
/// without escapes in `d`. Gives the same as parse_request() would, or nullopt.
std::optional<Request> read_usual_send(std::string_view text);

}  // namespace weft::connmix
