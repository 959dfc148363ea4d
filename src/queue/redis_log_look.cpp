// RedisLog: what people see of a topic, and take out.
#include <algorithm>

#include "queue/redis_log.hpp"
#include "queue/redis_log_entry.hpp"
#include "queue/redis_log_look_scripts.hpp"

namespace weft::queue {
namespace {

constexpr std::size_t kMaxPeek = 1000;

const redis::Script kStatus(scripts::kStatus), kPeek(scripts::kPeek), kPurge(scripts::kPurge);

}  // namespace

Task<Result<LogStatus>> RedisLog::status() {
  Words words;
  words.push_back(std::to_string(options_.partitions));
  const auto reply = co_await run(kStatus, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->list.size() != 4) co_return QueueErrc::unavailable;
  LogStatus status;
  status.items = number_of(reply->list[0]);
  status.bytes = number_of(reply->list[1]);
  status.in_flight = number_of(reply->list[2]);
  status.oldest = Millis(reply->list[3].integer);
  co_return status;
}

Task<Result<RedisLog::Entries>> RedisLog::peek(std::size_t limit) {
  limit = std::min(limit, kMaxPeek);
  Words words;
  words.push_back(std::to_string(options_.partitions));
  words.push_back(std::to_string((limit + parts_.size() - 1) / parts_.size()));
  const auto reply = co_await run(kPeek, std::move(words));
  if (!reply) co_return reply.error();
  Entries entries;
  const auto& list = reply->list;
  for (std::size_t i = 1; i + 3 < list.size() && entries.size() < limit; i += 4)
    entries.push_back(entry_of(static_cast<unsigned>(number_of(list[i])), list[i + 1].text,
                               list[i + 2].list, number_of(list[i + 3]), list[0].integer));
  co_return entries;
}

Task<Result<std::size_t>> RedisLog::purge() {
  Words words;
  words.push_back(std::to_string(options_.partitions));
  const auto reply = co_await run(kPurge, std::move(words));
  if (!reply) co_return reply.error();
  co_return static_cast<std::size_t>(number_of(*reply));
}

}  // namespace weft::queue
