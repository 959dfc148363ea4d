#include "driver/redis/words.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "driver/redis/client.hpp"

namespace weft::redis {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kWordOverhead = 32;  // "$12345678\r\n" and "\r\n", generously

constexpr std::string_view kReplies[] = {  // not one reply each, or another protocol from then on
    "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE",
    "MONITOR",   "SYNC",       "PSYNC",      "HELLO",       "RESET",        "QUIT"};
constexpr std::string_view kState[] = {"AUTH",    "SELECT", "MULTI",  "EXEC",
                                       "DISCARD", "WATCH",  "UNWATCH"};
constexpr std::string_view kBlocking[] = {"BLPOP",  "BRPOP",    "BRPOPLPUSH", "BLMOVE", "BLMPOP",
                                          "BZMPOP", "BZPOPMIN", "BZPOPMAX",   "WAIT",   "WAITAOF"};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
  return out;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> list) {
  return std::ranges::find(list, word) != list.end();
}

bool blocks(std::string_view command, std::span<const std::string> words) {
  if (is_one_of(command, kBlocking)) return true;
  if (command != "XREAD"sv && command != "XREADGROUP"sv) return false;
  const auto streams = std::ranges::find(words, "STREAMS"sv, upper);  // keys follow
  return std::any_of(words.begin(), streams,
                     [](const auto& word) { return upper(word) == "BLOCK"; });
}

}  // namespace

Result<std::string> encode(std::span<const std::string> words, std::size_t max_bytes) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return encode(views, max_bytes);
}

Result<std::string> encode(std::span<const std::string_view> words, std::size_t max_bytes) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  std::size_t total = 0;
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
    total += word.size() + kWordOverhead;
  }
  if (words.empty() || total > max_bytes) return RedisErrc::bad_command;
  char* bytes = nullptr;
  const int size =
      redisFormatCommandArgv(&bytes, static_cast<int>(texts.size()), texts.data(), sizes.data());
  if (size < 0) return RedisErrc::bad_command;  // no memory
  const std::unique_ptr<char, void (*)(char*)> owner(bytes, redisFreeCommand);
  return std::string(bytes, static_cast<std::size_t>(size));
}

std::string why_not_shared(std::span<const std::string> words, bool may_block) {
  if (words.empty()) return "";
  const std::string command = upper(words[0]);
  const bool is_reply_mode = command == "CLIENT" && words.size() > 1 && upper(words[1]) == "REPLY";
  const auto say = [&](std::string_view why) {
    return command + " cannot be used on a shared connection: " + std::string(why);
  };
  if (is_reply_mode || is_one_of(command, kReplies)) return say("it is not answered by one reply");
  if (is_one_of(command, kState)) return say("it would change the commands of other callers");
  if (!may_block && blocks(command, words)) return say("all other callers would wait for it");
  return "";
}

}  // namespace weft::redis
