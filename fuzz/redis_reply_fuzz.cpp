// Replies of a Redis server that may send anything. The same bytes must give the same replies at
// once and in random pieces, and never more elements or bytes than the caps allow.
//
// Input: one byte that seeds the pieces, then the stream.
#include <cstdint>
#include <cstdlib>
#include <random>

#include "base/check.hpp"
#include "driver/redis/reader.hpp"

namespace {

using namespace weft;
using namespace weft::redis;

constexpr ReaderCaps kCaps{.bytes = 256, .elements = 16};

std::size_t elements_of(const Reply& reply) {
  std::size_t count = reply.list.size();
  for (const Reply& element : reply.list) count += elements_of(element);
  return count;
}

std::size_t bytes_of(const Reply& reply) {
  std::size_t count = reply.text.size();
  for (const Reply& element : reply.list) count += bytes_of(element);
  return count;
}

bool is_same(const Reply& a, const Reply& b) {
  return a.kind == b.kind && a.integer == b.integer && a.text == b.text &&
         std::equal(a.list.begin(), a.list.end(), b.list.begin(), b.list.end(), is_same);
}

struct Story {
  std::vector<Reply> replies;
  bool is_broken = false;
};

template <class NextSize>
Story read(std::string_view stream, NextSize next_size) {
  Reader reader(kCaps);
  Story story;
  while (!stream.empty() && !story.is_broken) {
    const std::string_view piece = stream.substr(0, next_size());
    stream.remove_prefix(piece.size());
    story.is_broken = reader.feed(piece).failed();
    while (!story.is_broken) {
      Result<std::optional<Reply>> reply = reader.next();
      story.is_broken = !reply;
      if (!reply || !*reply) break;
      check(elements_of(**reply) <= kCaps.elements, "no more elements than the cap");
      check(bytes_of(**reply) <= kCaps.bytes, "no more bytes than the cap");
      story.replies.push_back(std::move(**reply));
    }
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::minstd_rand random(data[0]);
  const Story whole = read(stream, [&] { return stream.size(); });
  const Story pieces = read(stream, [&] { return random() % 16 + 1; });
  check(whole.is_broken == pieces.is_broken, "pieces do not change what is an error");
  check(std::equal(whole.replies.begin(), whole.replies.end(), pieces.replies.begin(),
                   pieces.replies.end(), is_same),
        "pieces do not change the replies");
  return 0;
}
