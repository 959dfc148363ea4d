// Numbered payloads: what a run sends, so that it can tell which message came back, whether one is
// missing and whether two changed places. Pure functions and values; the scenarios judge.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::bench {

/// '~' and 15 hexadecimal digits: the front of every numbered payload.
constexpr std::size_t kNumberSize = 16;
constexpr char kNumberMark = '~';

/// `number` (below 2^60) in front, filled up with 'x' to `size` bytes, kNumberSize at least. Needs
/// no escaping in JSON.
std::string numbered_payload(std::uint64_t number, std::size_t size);

/// The number at the front of a payload; nullopt when it does not begin with one.
std::optional<std::uint64_t> number_of(std::string_view payload);

/// Finds the numbered payloads in what one connection hears, wherever they stand: a server may wrap
/// them, put several into one message, or split one over two. One finder for each connection.
class NumberFinder {
 public:
  /// Calls found(number) for each number that is complete with `in`; gives how many there were.
  template <class Found>
  std::size_t feed(std::string_view in, Found&& found) {
    if (tail_.empty()) return scan(in, found);
    const std::string joined = std::exchange(tail_, {}).append(in);
    return scan(joined, found);
  }

 private:
  template <class Found>
  std::size_t scan(std::string_view in, Found&& found) {
    std::size_t count = 0;
    for (std::size_t at; (at = in.find(kNumberMark)) != in.npos;) {
      in.remove_prefix(at);
      if (in.size() < kNumberSize) {
        tail_ = in;
        break;
      }
      const auto number = number_of(in);
      in.remove_prefix(number ? kNumberSize : 1);
      if (!number) continue;
      ++count;
      found(*number);
    }
    return count;
  }

  std::string tail_;  // the start of a number whose end has not come yet: fits without allocation
};

}  // namespace weft::bench
