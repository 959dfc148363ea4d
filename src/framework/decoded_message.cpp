#include "framework/decoded_message.hpp"

namespace weft::framework {

const json::value DecodedMessage::kNull;

error_code DecodedMessage::decode(const Codec& codec, ConnectionId sender, DataType type,
                                  std::span<const std::byte> payload) {
  clear();
  codec_ = &codec;
  sender_ = sender;
  type_ = type;
  bytes_ = payload;
  Result<json::value> decoded = codec.converter->decode(payload, type, memory_.values());
  if (!decoded) return decoded.error();
  value_.emplace(std::move(*decoded));
  if (const json::object* envelope = value_->if_object()) id_ = envelope->if_contains("id");
  const auto event = codec.event->event_of(*value_);
  if (!event) return event.error();
  event_ = *event;
  data_ = &codec.data->data_of(*value_);
  return {};
}

void DecodedMessage::keep() { bytes_ = memory_.keep(bytes_); }

void DecodedMessage::clear() {
  headers_.reset();
  event_ = {};
  data_ = &kNull;
  id_ = nullptr;
  value_.reset();
  bytes_ = {};
  memory_.clear();
}

const std::vector<Header>& DecodedMessage::headers() const {
  if (!headers_) headers_ = codec_->headers->headers_of(value());
  return *headers_;
}

}  // namespace weft::framework
