// DecodedMessage: one message of a client, decoded once, in memory that the next message uses
// again.
#pragma once
#include <optional>

#include "framework/message_memory.hpp"
#include "weft/message.hpp"

namespace weft::framework {

class DecodedMessage final : public Message {
 public:
  /// `payload` is not copied: see keep(). After an error value() may still be there.
  error_code decode(const Codec& codec, ConnectionId sender, DataType type,
                    std::span<const std::byte> payload);
  /// Copies the payload, for listeners that outlive the call.
  void keep();
  void clear();

  ConnectionId sender() const override { return sender_; }
  DataType type() const override { return type_; }
  std::span<const std::byte> bytes() const override { return bytes_; }
  const json::value& value() const override { return value_ ? *value_ : kNull; }
  std::string_view event() const override { return event_; }
  const std::vector<Header>& headers() const override;
  const json::value& data() const override { return *data_; }
  const json::value* id() const override { return id_; }

 private:
  static const json::value kNull;

  MessageMemory memory_;
  const Codec* codec_ = nullptr;
  ConnectionId sender_ = ConnectionId::none;
  DataType type_ = DataType::text;
  std::span<const std::byte> bytes_;
  std::optional<json::value> value_;
  std::string_view event_;
  const json::value* data_ = &kNull;
  const json::value* id_ = nullptr;
  mutable std::optional<std::vector<Header>> headers_;  // extracted when somebody asks
};

}  // namespace weft::framework
