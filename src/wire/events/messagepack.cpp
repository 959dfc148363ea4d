#include "wire/events/messagepack.hpp"

#include <simdjson.h>

#include <bit>

#include "base/bytes.hpp"
#include "weft/message.hpp"

namespace weft::events {
namespace {

// First bytes:  0xxxxxxx number  |  1000xxxx map  |  1001xxxx array  |  101xxxxx text  |  111xxxxx
// negative number  |  0xc0 to 0xdf: the kinds below
enum Kind : unsigned {
  kNil = 0xc0,
  kFalse = 0xc2,
  kTrue,
  kBin8,
  kBin16,
  kBin32,
  kFloat32 = 0xca,
  kFloat64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kText8 = 0xd9,
  kText16,
  kText32,
  kArray16,
  kArray32,
  kMap16,
  kMap32
};

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

// Goes over the bytes once. After the first fault every further step gives nothing.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::size_t max_depth, json::storage_ptr memory)
      : rest_(bytes), depth_left_(max_depth), memory_(std::move(memory)) {}

  Result<json::value> read_whole() {
    json::value value = read();
    if (!fault_ && !rest_.empty()) fault_ = MessageErrc::not_decodable;
    if (fault_) return fault_;
    return value;
  }

 private:
  json::value fail(MessageErrc why = MessageErrc::not_decodable) {
    if (!fault_) fault_ = why;
    rest_ = {};
    return {};
  }

  std::span<const std::byte> take(std::size_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint64_t number(std::size_t size) { return load_big_endian(take(size)); }

  json::value text(std::size_t size, bool must_be_utf8) {
    const std::string_view bytes = as_text(take(size));
    if (fault_ || (must_be_utf8 && !is_utf8(bytes))) return fail();
    return json::string(bytes, memory_);
  }

  json::value array(std::size_t size) {
    if (size > rest_.size()) return fail();  // an element has a byte at least
    if (depth_left_ == 0) return fail(MessageErrc::too_deep);
    --depth_left_;
    json::array all(memory_);
    all.reserve(size);
    for (std::size_t i = 0; i < size && !fault_; ++i) all.push_back(read());
    ++depth_left_;
    return all;
  }

  std::string key() {
    const json::value read_key = read();
    if (const json::string* name = read_key.if_string())
      return std::string(std::string_view(*name));
    if (const std::int64_t* number = read_key.if_int64()) return std::to_string(*number);
    if (const std::uint64_t* number = read_key.if_uint64()) return std::to_string(*number);
    fail();
    return {};
  }

  json::value map(std::size_t size) {
    if (size > rest_.size() / 2) return fail();
    if (depth_left_ == 0) return fail(MessageErrc::too_deep);
    --depth_left_;
    json::object members(memory_);
    members.reserve(size);
    for (std::size_t i = 0; i < size && !fault_; ++i) {
      const std::string name = key();
      json::value value = read();
      if (!fault_) members.insert_or_assign(name, std::move(value));
    }
    ++depth_left_;
    return members;
  }

  template <class Signed>
  json::value signed_number() {
    return static_cast<std::int64_t>(static_cast<Signed>(number(sizeof(Signed))));
  }
  json::value unsigned_number(std::size_t size) {
    const std::uint64_t value = number(size);
    if (value > INT64_MAX) return value;
    return static_cast<std::int64_t>(value);
  }

  json::value read() {
    const auto first = static_cast<unsigned>(number(1));
    if (fault_) return {};
    if (first < 0x80) return static_cast<std::int64_t>(first);
    if (first < 0x90) return map(first & 0x0f);
    if (first < 0xa0) return array(first & 0x0f);
    if (first < 0xc0) return text(first & 0x1f, true);
    if (first >= 0xe0) return static_cast<std::int64_t>(static_cast<std::int8_t>(first));
    switch (first) {
      case kNil:
        return nullptr;
      case kFalse:
      case kTrue:
        return first == kTrue;
      case kBin8:
      case kBin16:
      case kBin32:
        return text(static_cast<std::size_t>(number(std::size_t{1} << (first - kBin8))), false);
      case kFloat32:
        return std::bit_cast<float>(static_cast<std::uint32_t>(number(4)));
      case kFloat64:
        return std::bit_cast<double>(number(8));
      case kUint8:
      case kUint16:
      case kUint32:
      case kUint64:
        return unsigned_number(std::size_t{1} << (first - kUint8));
      case kInt8:
        return signed_number<std::int8_t>();
      case kInt16:
        return signed_number<std::int16_t>();
      case kInt32:
        return signed_number<std::int32_t>();
      case kInt64:
        return signed_number<std::int64_t>();
      case kText8:
      case kText16:
      case kText32:
        return text(static_cast<std::size_t>(number(std::size_t{1} << (first - kText8))), true);
      case kArray16:
      case kArray32:
        return array(static_cast<std::size_t>(number(std::size_t{2} << (first - kArray16))));
      case kMap16:
      case kMap32:
        return map(static_cast<std::size_t>(number(std::size_t{2} << (first - kMap16))));
      default:
        return fail();  // reserved, and ext types: nobody here knows them
    }
  }

  std::span<const std::byte> rest_;
  std::size_t depth_left_;
  json::storage_ptr memory_;
  error_code fault_;
};

void append_number(std::string& out, unsigned kind, std::size_t size, std::uint64_t value) {
  std::byte bytes[8];
  store_big_endian(std::span(bytes).first(size), value);
  out += static_cast<char>(kind);
  out += as_text(std::span(bytes).first(size));
}

void append_unsigned(std::string& out, std::uint64_t value) {
  if (value < 0x80)
    out += static_cast<char>(value);
  else if (value <= UINT8_MAX)
    append_number(out, kUint8, 1, value);
  else if (value <= UINT16_MAX)
    append_number(out, kUint16, 2, value);
  else if (value <= UINT32_MAX)
    append_number(out, kUint32, 4, value);
  else
    append_number(out, kUint64, 8, value);
}

void append_signed(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0)
    append_unsigned(out, bits);
  else if (value >= -32)
    out += static_cast<char>(value);
  else if (value >= INT8_MIN)
    append_number(out, kInt8, 1, bits);
  else if (value >= INT16_MIN)
    append_number(out, kInt16, 2, bits);
  else if (value >= INT32_MIN)
    append_number(out, kInt32, 4, bits);
  else
    append_number(out, kInt64, 8, bits);
}

// `fix`: the first byte of the shortest form, for fewer than `fix_limit`; the others follow
// `kind16`.
void append_size(std::string& out, unsigned fix, std::size_t fix_limit, unsigned kind16,
                 std::size_t size) {
  if (size < fix_limit)
    out += static_cast<char>(fix | size);
  else if (size <= UINT16_MAX)
    append_number(out, kind16, 2, size);
  else
    append_number(out, kind16 + 1, 4, size);
}

void append_bytes(std::string& out, std::string_view bytes) {
  if (bytes.size() <= UINT8_MAX)
    append_number(out, kBin8, 1, bytes.size());
  else
    append_size(out, 0, 0, kBin16, bytes.size());
  out += bytes;
}

}  // namespace

Result<json::value> read_messagepack(std::span<const std::byte> bytes, std::size_t max_depth,
                                     json::storage_ptr memory) {
  return Reader(bytes, max_depth, std::move(memory)).read_whole();
}

void append_messagepack_map(std::string& out, std::size_t members) {
  append_size(out, 0x80, 16, kMap16, members);
}

void append_messagepack_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return append_bytes(out, text);
  if (text.size() >= 32 && text.size() <= UINT8_MAX)
    append_number(out, kText8, 1, text.size());
  else
    append_size(out, 0xa0, 32, kText16, text.size());
  out += text;
}

void append_messagepack(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += static_cast<char>(kNil);
      break;
    case json::kind::bool_:
      out += static_cast<char>(value.get_bool() ? kTrue : kFalse);
      break;
    case json::kind::int64:
      append_signed(out, value.get_int64());
      break;
    case json::kind::uint64:
      append_unsigned(out, value.get_uint64());
      break;
    case json::kind::double_:
      append_number(out, kFloat64, 8, std::bit_cast<std::uint64_t>(value.get_double()));
      break;
    case json::kind::string:
      append_messagepack_text(out, value.get_string());
      break;
    case json::kind::array:
      append_size(out, 0x90, 16, kArray16, value.get_array().size());
      for (const json::value& one : value.get_array()) append_messagepack(out, one);
      break;
    case json::kind::object:
      append_messagepack_map(out, value.get_object().size());
      for (const auto& [name, one] : value.get_object()) {
        append_messagepack_text(out, name);
        append_messagepack(out, one);
      }
      break;
  }
}

}  // namespace weft::events
