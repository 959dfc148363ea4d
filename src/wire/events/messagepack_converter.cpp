#include "wire/events/converters.hpp"
#include "wire/events/messagepack.hpp"

namespace weft::events {

Result<json::value> MessagePackConverter::decode(std::span<const std::byte> bytes,
                                                 DataType /*type*/,
                                                 json::storage_ptr memory) const {
  return read_messagepack(bytes, kMaxDepth, std::move(memory));
}

DataType MessagePackConverter::encode(const Outgoing& outgoing, std::string& out) const {
  append_messagepack_map(out, outgoing.id ? 3 : 2);
  append_messagepack_text(out, "event");
  append_messagepack_text(out, outgoing.event);
  append_messagepack_text(out, "data");
  append_messagepack(out, outgoing.data);
  if (outgoing.id) {
    append_messagepack_text(out, "id");
    append_messagepack(out, *outgoing.id);
  }
  return DataType::binary;
}

}  // namespace weft::events
