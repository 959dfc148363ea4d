#include "driver/redis/reader.hpp"

#include <hiredis/hiredis.h>

#include <vector>

#include "base/check.hpp"

namespace weft::redis {

struct Reader::Build {
  std::size_t elements = 0, max_elements = 0;

  /// Where the reply of `task` is put together. Lists grow as their items arrive, whatever length
  /// was announced.
  static Reply* place(const redisReadTask* task) {
    if (!task->parent) return new Reply;
    return &static_cast<Reply*>(task->parent->obj)->list.emplace_back();
  }
  static Build& of(const redisReadTask* task) { return *static_cast<Build*>(task->privdata); }

  static void* text(const redisReadTask* task, char* bytes, std::size_t size) {
    Reply* reply = place(task);
    reply->kind = task->type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
    reply->text.assign(bytes, size);
    return reply;
  }
  static void* integer(const redisReadTask* task, long long value) {
    Reply* reply = place(task);
    reply->kind = Reply::Kind::integer;
    reply->integer = value;
    return reply;
  }
  static void* nil(const redisReadTask* task) { return place(task); }
  static void* list(const redisReadTask* task, std::size_t size) {
    Build& build = of(task);
    if (size > build.max_elements - build.elements)
      return nullptr;  // the parser calls this "out of memory"
    build.elements += size;
    Reply* reply = place(task);
    reply->kind = Reply::Kind::list;
    return reply;
  }
  static void destroy(void* reply) { delete static_cast<Reply*>(reply); }
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

Result<std::optional<Reply>> Reader::next() {
  void* made = nullptr;
  if (redisReaderGetReply(reader_, &made) != REDIS_OK) return RedisErrc::bad_reply;
  if (!made) {
    // Only what belongs to the unfinished reply counts against the cap.
    if (pending_bytes_ > caps_.bytes) return RedisErrc::bad_reply;
    return std::optional<Reply>{};
  }
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(made));
  build_->elements = 0;
  pending_bytes_ = reader_->len - reader_->pos;
  return std::optional<Reply>(std::move(*reply));
}

void append_command(std::string& out, std::span<const std::string> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* command = nullptr;
  const int size =
      redisFormatCommandArgv(&command, static_cast<int>(texts.size()), texts.data(), sizes.data());
  check(size > 0, "hiredis formats a command");
  out.append(command, static_cast<std::size_t>(size));
  redisFreeCommand(command);
}

}  // namespace weft::redis
