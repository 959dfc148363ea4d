#include "bench/numbers.hpp"

#include <algorithm>
#include <charconv>

namespace weft::bench {

std::string numbered_payload(std::uint64_t number, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string payload(std::max(size, kNumberSize), 'x');
  payload[0] = kNumberMark;
  for (std::size_t i = kNumberSize; i-- > 1; number >>= 4) payload[i] = kDigits[number & 15];
  return payload;
}

std::optional<std::uint64_t> number_of(std::string_view payload) {
  if (payload.size() < kNumberSize || payload[0] != kNumberMark) return std::nullopt;
  const char* end = payload.data() + kNumberSize;
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(payload.data() + 1, end, number, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace weft::bench
