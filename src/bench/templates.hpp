// Texts that a user gives so that a run can speak to any server: what a connection says first, and
// how a publication is written. Pure functions.
#pragma once
#include <string>
#include <string_view>

#include "weft/result.hpp"

namespace weft::bench {

/// `\r \n \t \0 \\` become the bytes they stand for. Errors: invalid_argument for any other escape.
Result<std::string> unescape(std::string_view text);

/// %s is the payload, %n its size in bytes, %c the channel, %% a percent sign; any other pair stays
/// as it is.
std::string fill(std::string_view pattern, std::string_view payload, std::string_view channel);

}  // namespace weft::bench
