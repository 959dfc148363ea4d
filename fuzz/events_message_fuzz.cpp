// Any bytes as a message of the dialect events: no converter may crash, what was read can be
// written in both formats, and what MessagePack wrote it reads back as the same value.
#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "wire/events/converters.hpp"
#include "wire/events/messagepack.hpp"

namespace {

namespace json = boost::json;
using weft::check;
using weft::Codec;
using weft::Envelope;

void read_as(std::string_view converter, std::span<const std::byte> bytes) {
  json::monotonic_resource memory;
  for (const Envelope envelope : {Envelope::input_data, Envelope::data, Envelope::strict}) {
    const Codec codec = *Codec::shipped(envelope, converter);
    const auto value = codec.converter->decode(bytes, weft::DataType::binary, &memory);
    if (!value) return;
    const auto event = codec.event->event_of(*value);
    std::string out;
    codec.converter->encode({event ? *event : "none", codec.data->data_of(*value), &*value}, out);
    check(!out.empty() || converter == "raw", "something is written");
    for (const auto& header : codec.headers->headers_of(*value))
      check(header.value.size() <= bytes.size() * 32, "a header is no larger than what came");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const char* converter : {"json", "messagepack", "raw"}) read_as(converter, bytes);

  const auto value = weft::events::read_messagepack(bytes, 32, {});
  if (!value) return 0;
  std::string written, again;
  weft::events::append_messagepack(written, *value);
  const auto back = weft::events::read_messagepack(weft::as_bytes(written), 32, {});
  check(back.has_value(), "what was written can be read");
  weft::events::append_messagepack(again, *back);
  check(written == again, "and is the same value");
  return 0;
}
