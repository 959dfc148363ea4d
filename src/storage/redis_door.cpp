#include "storage/redis_door.hpp"

#include "base/log.hpp"

namespace weft::storage {

using redis::RedisErrc;
using redis::Reply;

Result<Reply> checked(Result<Reply> reply) {
  if (!reply) {
    return reply.error() == RedisErrc::timed_out ? StorageErrc::timed_out
                                                 : StorageErrc::unavailable;
  }
  if (reply->kind != Reply::Kind::error) return reply;
  static thread_local log::Limiter limiter(std::chrono::seconds(1));
  if (limiter.pass(std::chrono::steady_clock::now()))
    log::error("storage: Redis answered: {}", reply->text);
  return StorageErrc::unavailable;
}

Task<Result<Reply>> RedisDoor::ask(std::vector<std::string> words) {
  if (!client_) co_return StorageErrc::unavailable;
  co_return checked(co_await redis::ask(*client_, std::move(words)));
}

Task<Result<Reply>> RedisDoor::run(std::string_view script, std::vector<std::string> more) {
  std::vector<std::string> words;
  words.reserve(4 + more.size());
  words.emplace_back("EVAL");
  words.emplace_back(script);
  words.emplace_back("0");
  words.push_back(prefix_);
  for (std::string& word : more) words.push_back(std::move(word));
  return ask(std::move(words));
}

}  // namespace weft::storage
