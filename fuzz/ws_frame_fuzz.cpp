// The whole WebSocket decoder, both sides of the wire, with and without compression. Three runs
// over the same bytes must tell the same story: at once, in random pieces, and with a sink that
// stops after every upcall.
//
// Input: one byte of options, one byte that seeds the pieces, then the stream.
#include <cstdint>
#include <cstdlib>
#include <random>

#include "base/check.hpp"
#include "wire/ws/deflate.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/test_frames.hpp"
#include "wire/ws/utf8.hpp"

namespace {

using namespace weft;
using namespace weft::ws;

struct Story {
  std::vector<std::string> events;
  error_code error;
  bool is_idle = false, is_ended = false;
  bool operator==(const Story&) const = default;
};

/// One decoder over all of `stream`, given in pieces of at most `next_size()` bytes.
template <class NextSize>
Story decode(Bytes stream, const DecoderLimits& limits, bool keeps_context, bool stops,
             NextSize next_size) {
  Inflater inflater(15, keeps_context);
  RecordingSink sink;
  sink.answer = !stops;
  Decoder decoder;
  Story story;
  for (std::span<std::byte> rest = stream; !rest.empty() && !story.error;) {
    const std::span<std::byte> piece = rest.first(std::min(rest.size(), next_size()));
    const auto [consumed, error] = decoder.feed(piece, limits, &inflater, sink);
    check(consumed <= piece.size(), "no more is consumed than was given");
    check(error || stops || consumed == piece.size(), "all is consumed when nothing stops it");
    check(error || consumed > 0, "every call gets on");
    check(!error || decoder.is_ended(), "an error is the end");
    story.error = error;
    rest = rest.subspan(consumed);
  }
  story.events = std::move(sink.events);
  story.is_idle = decoder.is_idle();
  story.is_ended = decoder.is_ended();
  return story;
}

/// UTF-8 by its definition, slow and simple.
bool is_utf8_by_definition(std::span<const std::uint8_t> text) {
  for (std::size_t at = 0; at < text.size();) {
    const unsigned lead = text[at];
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC0 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF8 ? 4
                                           : 0;
    if (size == 0 || at + size > text.size()) return false;
    unsigned point = size == 1 ? lead : lead & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
      if ((text[at + i] & 0xC0) != 0x80) return false;
      point = point << 6 | (text[at + i] & 0x3Fu);
    }
    const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
      return false;
    at += size;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned options = data[0];
  std::minstd_rand random(data[1] + 1u);
  const auto* front = reinterpret_cast<const std::byte*>(data);
  const Bytes stream(front + 2, front + size);
  const DecoderLimits limits{.max_message = options & 8 ? 100u : 100'000u,
                             .max_fragments = options & 16 ? 3u : 100u,
                             .server = !(options & 1),
                             .deflate = (options & 2) != 0};
  const bool keeps_context = options & 4;

  const auto all = [&] { return stream.size(); };
  const auto some = [&] { return 1 + random() % (options & 32 ? 200 : 7); };
  const Story story = decode(stream, limits, keeps_context, false, all);
  check(decode(stream, limits, keeps_context, false, some) == story, "pieces change nothing");
  Story stopped = decode(stream, limits, keeps_context, true, all);
  check(stopped == story, "stopping and going on changes nothing");
  for (const std::string& event : story.events)
    check(event.size() <= limits.max_message + 130, "limits hold");

  check(is_utf8(stream) == is_utf8_by_definition({data + 2, size - 2}), "UTF-8 as it is defined");
  return 0;
}
