// Anything that the bus may bring, also cut in two: no bytes may crash the reader or make it look
// beyond them, and what it read it can write and read again. The corpus has packets of version 1,
// without a checksum, and of version 2.
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "wire/mesh/packet.hpp"

namespace {

using namespace weft;

void read_again(const mesh::Envelope& envelope) {
  mesh::PacketWriter writer;
  writer.add(envelope);
  const std::string bytes(writer.finish({.sender = 1, .number = 2}));
  mesh::PacketReader reader(as_bytes(bytes));
  mesh::Envelope again;
  check(reader.next(again), "we read what we write");
  check(again.kind == envelope.kind && again.type == envelope.type, "same kind and type");
  check(again.is_event == envelope.is_event && again.order == envelope.order, "same order");
  check(again.connections == envelope.connections, "same connections");
  check(again.numbers == envelope.numbers, "same numbers");
  check(again.name == envelope.name && again.body == envelope.body, "same name and body");
  check(!reader.next(again), "and nothing else");
}

void attack(std::span<const std::byte> bytes) {
  mesh::PacketReader reader(bytes);
  mesh::Envelope envelope;
  std::size_t seen = 0;
  while (reader.next(envelope)) {
    seen += envelope.body.size() + envelope.name.size() + 8 * envelope.connections.size();
    read_again(envelope);
  }
  check(seen <= bytes.size(), "nothing is invented");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  attack(bytes);
  const std::size_t cut = size ? data[0] % size : 0;
  attack(bytes.first(cut));
  attack(bytes.subspan(cut));
  if (size < mesh::kHeadBytes) return 0;
  // Once more with a checksum that fits: else nothing but the head would ever be looked at.
  std::vector<std::byte> sealed(bytes.begin(), bytes.end());
  sealed[1] = std::byte{mesh::kReadableFrom};
  mesh::seal(sealed);
  attack(sealed);
  return 0;
}
