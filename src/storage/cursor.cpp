#include "storage/cursor.hpp"

#include <charconv>

namespace weft::storage {

Result<std::uint64_t> read_cursor(const Cursor& cursor) {
  std::uint64_t last = 0;
  if (cursor.empty()) return last;
  const char* const end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(cursor.data(), end, last);
  if (error != std::errc{} || stop != end || last > INT64_MAX) return StorageErrc::bad_cursor;
  return last;
}

}  // namespace weft::storage
