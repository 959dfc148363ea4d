// Reader: bytes from Redis to replies, with hiredis's parser and our caps.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "driver/redis/client.hpp"

struct redisReader;

namespace weft::redis {

struct ReaderCaps {
  std::size_t bytes = 64 << 20;      ///< of one reply as sent
  std::size_t elements = 1'000'000;  ///< of one reply, nested ones included
};

class Reader {
 public:
  explicit Reader(ReaderCaps caps);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Errors: bad_reply. The stream is of no more use after one.
  error_code feed(std::string_view bytes);
  /// The next whole reply; nullopt = more bytes are needed. Errors: bad_reply.
  Result<std::optional<Reply>> next();

 private:
  struct Build;  // what the parser's callbacks write to
  bool is_endless_line() const;

  ReaderCaps caps_;
  std::unique_ptr<Build> build_;
  redisReader* reader_;
  std::size_t pending_bytes_ = 0;  // fed since the last whole reply
};

}  // namespace weft::redis
