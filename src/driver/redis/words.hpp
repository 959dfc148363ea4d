// What goes to Redis: words to bytes, and the commands that one connection for many callers cannot
// carry. Pure functions.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "weft/result.hpp"

namespace weft::redis {

constexpr std::size_t kMaxCommand = 512 << 20;  // bytes; Redis takes no larger word either

/// One command as an array of bulk strings. Errors: bad_command.
Result<std::string> encode(std::span<const std::string> words, std::size_t max_bytes = kMaxCommand);
Result<std::string> encode(std::span<const std::string_view> words,
                           std::size_t max_bytes = kMaxCommand);

/// "" = the command can share its connection with those of other callers. Else why it cannot: it is
/// answered by more or fewer replies than one, changes what the commands of others do, or keeps
/// them waiting. `may_block`: the last is no reason.
std::string why_not_shared(std::span<const std::string> words, bool may_block = false);

}  // namespace weft::redis
