// Rows as texts, for engines that store them: numbers in digits, attributes as JSON.
#pragma once
#include <string>
#include <string_view>

#include "weft/storage.hpp"

namespace weft::storage {

std::int64_t to_millis(Time time);  ///< Unix milliseconds
Time from_millis(std::int64_t millis);

/// Errors: bad_row.
Result<std::int64_t> read_number(std::string_view digits);
Result<json::object> read_attributes(std::string_view text);

/// 19 digits: as texts they are ordered as the ids are.
std::string sortable(ConnectionId id);

}  // namespace weft::storage
