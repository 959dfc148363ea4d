// Reader: bytes from Redis to replies, with hiredis's parser and our caps. Also the other way:
// words to bytes.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
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

  /// Errors: bad_reply. The stream is of no more use after one.
  error_code feed(std::string_view bytes);
  /// The next whole reply; nullopt = more bytes are needed. Errors: bad_reply.
  Result<std::optional<Reply>> next();

 private:
  struct Build;  // what the parser's callbacks write to
  ReaderCaps caps_;
  std::unique_ptr<Build> build_;
  redisReader* reader_;
  std::size_t pending_bytes_ = 0;  // fed since the last whole reply
};

/// Appends one command: an array of bulk strings.
void append_command(std::string& out, std::span<const std::string> words);

}  // namespace weft::redis
