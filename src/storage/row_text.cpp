#include "storage/row_text.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <charconv>

namespace weft::storage {

std::int64_t to_millis(Time time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Time from_millis(std::int64_t millis) { return Time(std::chrono::milliseconds(millis)); }

Result<std::int64_t> read_number(std::string_view digits) {
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc{} || stop != end) return StorageErrc::bad_row;
  return number;
}

Result<json::object> read_attributes(std::string_view text) {
  error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return StorageErrc::bad_row;
  return std::move(value.as_object());
}

std::string sortable(ConnectionId id) {
  return fmt::format("{:019}", static_cast<std::int64_t>(id));
}

}  // namespace weft::storage
