// Words for tests and fuzzers of this room: frames as peers build them, and a sink that writes down
// what it is told.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "wire/ws/decoder.hpp"
#include "wire/ws/frame.hpp"
#include "wire/ws/mask.hpp"

namespace weft::ws {

using Bytes = std::vector<std::byte>;

inline Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes made;
  for (const unsigned value : values) made.push_back(static_cast<std::byte>(value));
  return made;
}

inline Bytes bytes(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// A frame of any shape, masked when `key` is given.
inline Bytes frame(FrameHeader header, std::span<const std::byte> payload) {
  header.payload_size = payload.size();
  Bytes made(header_size_of(header));
  write_header(made, header);
  made.insert(made.end(), payload.begin(), payload.end());
  if (header.mask) apply_mask(std::span(made).last(payload.size()), *header.mask, 0);
  return made;
}

inline constexpr MaskKey kTestKey{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                                  std::byte{0x3D}};

/// What a client sends.
inline Bytes from_client(Opcode opcode, std::string_view payload, bool fin = true,
                         bool rsv1 = false) {
  return frame({.opcode = opcode, .fin = fin, .rsv1 = rsv1, .mask = kTestKey}, as_bytes(payload));
}

/// Writes down every upcall as one line: "text Hello", "ping x", "close 1000 bye".
class RecordingSink : public DecoderSink {
 public:
  std::vector<std::string> events;
  bool answer = true;  ///< what every upcall gives back

  bool on_message(Opcode kind, std::span<const std::byte> payload) override {
    return record(kind == Opcode::text ? "text " : "binary ", as_text(payload));
  }
  bool on_ping(std::span<const std::byte> payload) override {
    return record("ping ", as_text(payload));
  }
  bool on_pong(std::span<const std::byte> payload) override {
    return record("pong ", as_text(payload));
  }
  bool on_close(std::uint16_t code, std::string_view reason) override {
    return record("close " + std::to_string(code) + " ", reason);
  }

 private:
  bool record(std::string what, std::string_view payload) {
    events.push_back(what.append(payload));
    return answer;
  }
};

}  // namespace weft::ws
