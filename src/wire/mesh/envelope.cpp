#include "wire/mesh/envelope.hpp"

#include "base/bytes.hpp"

namespace weft::mesh {
namespace {

enum Flag : std::uint8_t {
  kBinary = 1,
  kEvent = 2,
  kOrder = 4,
  kConnections = 8,
  kNumbers = 16,
  kName = 32,
  kKnown = 63
};

constexpr std::size_t kIdBytes = 8;

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

std::uint8_t flags_of(const Envelope& envelope) {
  std::uint8_t flags = 0;
  if (envelope.type == DataType::binary) flags |= kBinary;
  if (envelope.is_event) flags |= kEvent;
  if (envelope.order) flags |= kOrder;
  if (!envelope.connections.empty()) flags |= kConnections;
  if (!envelope.numbers.empty()) flags |= kNumbers;
  if (!envelope.name.empty()) flags |= kName;
  return flags;
}

std::size_t size_of(const Envelope& envelope) {
  std::size_t size = 2 + envelope.body.size();
  if (envelope.order) size += varint_size(envelope.order);
  if (const std::size_t count = envelope.connections.size())
    size += varint_size(count) + kIdBytes * count;
  if (!envelope.numbers.empty()) size += varint_size(envelope.numbers.size());
  for (const std::uint64_t number : envelope.numbers) size += varint_size(number);
  if (const std::size_t count = envelope.name.size()) size += varint_size(count) + count;
  return size;
}

void append_fixed(std::string& out, std::uint64_t value) {
  std::byte bytes[kIdBytes];
  store_big_endian(bytes, value);
  out.append(as_text(bytes));
}

bool take_bytes(std::string_view& in, std::uint64_t size, std::string_view& bytes) {
  if (size > in.size()) return false;
  bytes = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

bool take_connections(std::string_view& in, std::vector<ConnectionId>& into) {
  std::uint64_t count = 0;
  if (!take_varint(in, count) || count > in.size() / kIdBytes) return false;
  into.reserve(count);
  for (; count > 0; --count, in.remove_prefix(kIdBytes))
    into.push_back(
        ConnectionId{static_cast<std::int64_t>(load_big_endian(as_bytes(in.substr(0, kIdBytes))))});
  return true;
}

bool take_numbers(std::string_view& in, std::vector<std::uint64_t>& into) {
  std::uint64_t count = 0;
  if (!take_varint(in, count) || count > in.size()) return false;
  for (std::uint64_t number = 0; count > 0; --count) {
    if (!take_varint(in, number)) return false;
    into.push_back(number);
  }
  return true;
}

bool take_name(std::string_view& in, std::string_view& into) {
  std::uint64_t size = 0;
  return take_varint(in, size) && take_bytes(in, size, into);
}

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

bool take_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(in[i]);
    if (i == 9 && byte > 1) return false;  // beyond 64 bits
    value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte & 0x80) continue;
    in.remove_prefix(i + 1);
    return true;
  }
  return false;
}

void encode(const Envelope& envelope, std::string& out) {
  append_varint(out, size_of(envelope));
  out += static_cast<char>(envelope.kind);
  out += static_cast<char>(flags_of(envelope));
  if (envelope.order) append_varint(out, envelope.order);
  if (!envelope.connections.empty()) {
    append_varint(out, envelope.connections.size());
    for (const ConnectionId id : envelope.connections)
      append_fixed(out, static_cast<std::uint64_t>(id));
  }
  if (!envelope.numbers.empty()) {
    append_varint(out, envelope.numbers.size());
    for (const std::uint64_t number : envelope.numbers) append_varint(out, number);
  }
  if (!envelope.name.empty()) {
    append_varint(out, envelope.name.size());
    out.append(envelope.name);
  }
  out.append(envelope.body);
}

bool decode(std::string_view bytes, Envelope& into) {
  into.order = 0;
  into.connections.clear();
  into.numbers.clear();
  into.name = {};
  if (bytes.size() < 2) return false;
  into.kind = static_cast<Kind>(bytes[0]);
  const auto flags = static_cast<std::uint8_t>(bytes[1]);
  bytes.remove_prefix(2);
  if (flags & ~kKnown) return false;
  into.type = flags & kBinary ? DataType::binary : DataType::text;
  into.is_event = flags & kEvent;
  if (flags & kOrder && !take_varint(bytes, into.order)) return false;
  if (flags & kConnections && !take_connections(bytes, into.connections)) return false;
  if (flags & kNumbers && !take_numbers(bytes, into.numbers)) return false;
  if (flags & kName && !take_name(bytes, into.name)) return false;
  into.body = bytes;
  return true;
}

}  // namespace weft::mesh
