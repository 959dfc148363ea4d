#include "wire/events/converters.hpp"
#include "wire/events/extractors.hpp"

namespace weft {
namespace {

std::shared_ptr<const Converter> converter_of(std::string_view name) {
  if (name == "json") return std::make_shared<events::JsonConverter>();
  if (name == "messagepack") return std::make_shared<events::MessagePackConverter>();
  if (name == "raw") return std::make_shared<events::RawConverter>();
  return nullptr;
}

}  // namespace

Result<Codec> Codec::shipped(Envelope envelope, std::string_view name) {
  Codec codec;
  codec.converter = converter_of(name);
  if (!codec.converter) return make_error_code(boost::system::errc::invalid_argument);
  if (name == "raw") {
    codec.event = std::make_shared<events::NoEventExtractor>();
    codec.headers = std::make_shared<events::NoHeadersExtractor>();
    codec.data = std::make_shared<events::WholeDataExtractor>();
    return codec;
  }
  const char* key = envelope == Envelope::input_data ? "input_data" : "data";
  codec.event = std::make_shared<events::KeyEventExtractor>(envelope == Envelope::strict);
  codec.headers = std::make_shared<events::KeyHeadersExtractor>();
  codec.data = std::make_shared<events::KeyDataExtractor>(key);
  return codec;
}

}  // namespace weft
