// The shipped converters. Each is stateless towards its callers: what it reuses between messages is
// one per thread.
#pragma once
#include "weft/message.hpp"

namespace weft::events {

inline constexpr std::size_t kMaxDepth = 32;

/// Text or binary frames with one JSON value (RFC 8259) of valid UTF-8. Of equal keys the last one
/// counts. Answers {"event":…,"data":…} in text frames, with "id" behind them.
class JsonConverter final : public Converter {
 public:
  Result<json::value> decode(std::span<const std::byte> bytes, DataType type,
                             json::storage_ptr memory) const override;
  DataType encode(const Outgoing& outgoing, std::string& out) const override;
};

/// Frames of either kind with one MessagePack value; answers in binary frames.
class MessagePackConverter final : public Converter {
 public:
  Result<json::value> decode(std::span<const std::byte> bytes, DataType type,
                             json::storage_ptr memory) const override;
  DataType encode(const Outgoing& outgoing, std::string& out) const override;
};

/// The bytes are the data, as a string; there is no event, so only catch-alls hear of it. Sends the
/// data without its event: strings as they are, anything else as JSON.
class RawConverter final : public Converter {
 public:
  Result<json::value> decode(std::span<const std::byte> bytes, DataType type,
                             json::storage_ptr memory) const override;
  DataType encode(const Outgoing& outgoing, std::string& out) const override;
};

/// Appends `value` as JSON text.
void append_json(std::string& out, const json::value& value);
void append_json(std::string& out, std::string_view text);

}  // namespace weft::events
