// How a job's id is made: its low bits name the topic, so that an acknowledgement finds it.
#pragma once
#include <cstdint>
#include <string_view>

namespace weft::queue {

inline constexpr unsigned kTopicBits = 12;
inline constexpr std::size_t kMaxTopics = std::size_t{1} << kTopicBits;

/// Where the search for a topic's number begins: the same on every node (FNV-1a), so that ids of
/// jobs in logs are too, unless two topics meet.
constexpr unsigned first_number(std::string_view topic) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char each : topic) hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;
  return static_cast<unsigned>((hash ^ hash >> 32) & (kMaxTopics - 1));
}

}  // namespace weft::queue
