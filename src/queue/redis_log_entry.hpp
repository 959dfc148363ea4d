// What Redis answers to the scripts of RedisLog, as values. Pure functions.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "driver/redis/client.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

std::uint64_t number_of(const redis::Reply& reply);  ///< an integer, or text that begins with one

/// A job of a stream. `id` and `fields` are as XRANGE gives them, `now` is Redis' clock.
LogEntry entry_of(unsigned partition, std::string_view id, const std::vector<redis::Reply>& fields,
                  std::uint64_t attempt, std::int64_t now);

}  // namespace weft::queue
