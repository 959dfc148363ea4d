// The glue around zlib: any bytes as compressed messages of one context, and any bytes as messages
// there and back.
//
// Input: one byte of options, one byte of window and limit, then messages that are each one byte of
// size and so many bytes, the last one taking the rest.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.hpp"
#include "wire/ws/deflate.hpp"

namespace {

using namespace weft;
using namespace weft::ws;
using Bytes = std::vector<std::byte>;

std::vector<Bytes> split(std::span<const std::byte> in, bool is_one_message) {
  std::vector<Bytes> messages;
  while (!in.empty()) {
    const std::size_t wanted = is_one_message ? in.size() : std::to_integer<std::size_t>(in[0]);
    const std::span<const std::byte> message = in.subspan(1).first(std::min(wanted, in.size() - 1));
    messages.emplace_back(message.begin(), message.end());
    in = in.subspan(1 + message.size());
  }
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const bool keeps_context = data[0] & 1, is_one_message = data[0] & 2;
  const int window_bits = 9 + data[1] % 7, level = 1 + data[0] / 4 % 9;
  const std::size_t limit = data[1] & 128 ? 100 : 100'000;
  const auto messages =
      split({reinterpret_cast<const std::byte*>(data) + 2, size - 2}, is_one_message);

  Inflater hostile(window_bits, keeps_context), same(window_bits, keeps_context);
  for (const Bytes& message : messages) {
    const auto inflated = hostile.inflate(message, limit), again = same.inflate(message, limit);
    check(inflated.has_value() == again.has_value(), "the same bytes have the same fate");
    if (!inflated) continue;
    check(inflated->size() <= limit, "output is bounded");
    check(std::ranges::equal(*inflated, *again), "the same bytes inflate to the same message");
  }

  Deflater deflater(window_bits, keeps_context, level);
  Inflater inflater(window_bits, keeps_context);
  for (const Bytes& message : messages) {
    const std::span<const std::byte> packed = deflater.compress(message);
    const auto unpacked = inflater.inflate(packed, message.size());
    check(unpacked && std::ranges::equal(*unpacked, message), "a message comes back as it was");
    check(packed.size() <= message.size() + message.size() / 16 + 64,
          "what does not compress grows a little");
  }
  return 0;
}
