// Cursors that are a number: the last one that was listed.
#pragma once
#include <cstdint>

#include "weft/storage.hpp"

namespace weft::storage {

/// "" = 0. Errors: bad_cursor.
Result<std::uint64_t> read_cursor(const Cursor& cursor);
inline Cursor make_cursor(std::uint64_t last) { return std::to_string(last); }

}  // namespace weft::storage
