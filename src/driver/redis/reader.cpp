#include "driver/redis/reader.hpp"

#include <hiredis/read.h>

#include <algorithm>
#include <new>

#include "base/check.hpp"

namespace weft::redis {

namespace {

constexpr std::size_t kMaxLine = 1 << 20;   // of statuses and errors
constexpr std::size_t kMaxLengthLine = 32;  // of a bulk string: "67108864\r\n"

}  // namespace

// The callbacks run inside C: what they throw becomes a null, which the parser reports.
struct Reader::Build {
  std::size_t elements = 0, max_elements = 0;

  /// Where the reply of `task` is put together. Lists grow as their items arrive, whatever length
  /// was announced; an item's place is not needed any more when the next one moves it.
  static Reply* place(const redisReadTask* task) {
    if (!task->parent) return new Reply;
    return &static_cast<Reply*>(task->parent->obj)->list.emplace_back();
  }
  static void* make(const redisReadTask* task, Reply reply) noexcept {
    try {
      Reply* const made = place(task);
      *made = std::move(reply);
      return made;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  static void* text(const redisReadTask* task, char* bytes, std::size_t size) noexcept {
    try {
      const auto kind = task->type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
      return make(task, {.kind = kind, .text = std::string(bytes, size)});
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  static void* integer(const redisReadTask* task, long long value) noexcept {
    return make(task, {.kind = Reply::Kind::integer, .integer = value});
  }
  static void* nil(const redisReadTask* task) noexcept { return make(task, {}); }
  static void* list(const redisReadTask* task, std::size_t size) noexcept {
    Build& build = *static_cast<Build*>(task->privdata);
    if (size > build.max_elements - build.elements) return nullptr;
    build.elements += size;
    return make(task, {.kind = Reply::Kind::list});
  }
  static void destroy(void* reply) noexcept { delete static_cast<Reply*>(reply); }
};

Reader::Reader(ReaderCaps caps) : caps_(caps), build_(std::make_unique<Build>()) {
  // The length of a list is an int in hiredis 0.14 and a size_t from 1.0 on.
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions made{};
    made.createString = &Build::text;
    made.createArray = [](const redisReadTask* task, auto size) {
      return Build::list(task, static_cast<std::size_t>(size));
    };
    made.createInteger = &Build::integer;
    made.createNil = &Build::nil;
    made.freeObject = &Build::destroy;
    return made;
  }();
  build_->max_elements = caps.elements;
  reader_ = redisReaderCreateWithFunctions(&functions);
  check(reader_ != nullptr, "hiredis makes a reader");
  reader_->privdata = build_.get();
}

Reader::~Reader() { redisReaderFree(reader_); }

error_code Reader::feed(std::string_view bytes) {
  pending_bytes_ += bytes.size();
  if (redisReaderFeed(reader_, bytes.data(), bytes.size()) != REDIS_OK) return RedisErrc::bad_reply;
  return {};
}

// Without this a line that never ends would be searched again from its start with every feed.
bool Reader::is_endless_line() const {
  const std::string_view unread(reader_->buf + reader_->pos, reader_->len - reader_->pos);
  return unread.size() > kMaxLine &&
         unread.substr(0, kMaxLengthLine).find('\n') == std::string_view::npos;
}

Result<std::optional<Reply>> Reader::next() {
  void* made = nullptr;
  if (redisReaderGetReply(reader_, &made) != REDIS_OK) return RedisErrc::bad_reply;
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(made));
  if (!reply) {
    if (pending_bytes_ > caps_.bytes || is_endless_line()) return RedisErrc::bad_reply;
    return std::optional<Reply>{};
  }
  const std::size_t unread = reader_->len - reader_->pos;  // belongs to the replies behind this one
  if (pending_bytes_ - unread > caps_.bytes) return RedisErrc::bad_reply;
  pending_bytes_ = unread;
  build_->elements = 0;
  return std::optional<Reply>(std::move(*reply));
}

}  // namespace weft::redis
