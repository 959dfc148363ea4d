// Message: what a client of the dialects `events` and `commands` sent, decoded once; and the parts
// that decode and encode it, each replaceable. Converters and extractors are shared by all loops,
// so they must not change once the server runs.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/request.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft {

namespace json = boost::json;

enum class MessageErrc {
  not_decodable = 1,  ///< not what the converter reads: for JSON, not one valid value
  too_deep,           ///< nested deeper than 32 levels
  not_an_object,      ///< the envelope has to be an object
  no_event,           ///< the envelope has no `event`, or it is not a string, or it is empty
  incomplete,         ///< the strict envelope wants `event`, `headers` and `data`
};
error_code make_error_code(MessageErrc error);

/// What goes to a client: the event and its data, and the id of the message that it answers.
struct Outgoing {
  std::string_view event;
  const json::value& data;
  const json::value* id = nullptr;  ///< nullptr = it answers nothing
};

/// Bytes to a structured value and back. Shipped: JsonConverter, MessagePackConverter,
/// RawConverter.
class Converter {
 public:
  virtual ~Converter() = default;
  /// The value lives in `memory`. Errors: any; the client is told their message.
  virtual Result<json::value> decode(std::span<const std::byte> bytes, DataType type,
                                     json::storage_ptr memory) const = 0;
  /// Appends to `out` and gives the kind of frame it goes in. Text that is not UTF-8 goes as
  /// binary.
  virtual DataType encode(const Outgoing& outgoing, std::string& out) const = 0;
};

/// Three questions to a decoded value. A converter whose values have other keys needs all three
/// replaced.
class EventExtractor {
 public:
  virtual ~EventExtractor() = default;
  /// The name of the event; it lives as long as `value`. Errors: why the message is not an
  /// envelope.
  virtual Result<std::string_view> event_of(const json::value& value) const = 0;
};
class HeadersExtractor {
 public:
  virtual ~HeadersExtractor() = default;
  /// Scalars become text; what is nested is left out.
  virtual std::vector<Header> headers_of(const json::value& value) const = 0;
};
class DataExtractor {
 public:
  virtual ~DataExtractor() = default;
  /// Part of `value`; a null when there is none.
  virtual const json::value& data_of(const json::value& value) const = 0;
};

/// The three generations of the envelope.
enum class Envelope : std::uint8_t {
  input_data,  ///< {event, headers, input_data}
  data,        ///< {event, data}
  strict       ///< {event, headers, data}, all three there
};

/// Everything that turns bytes into a Message and an event into bytes.
struct Codec {
  std::shared_ptr<const Converter> converter;
  std::shared_ptr<const EventExtractor> event;
  std::shared_ptr<const HeadersExtractor> headers;
  std::shared_ptr<const DataExtractor> data;

  /// The shipped parts for an envelope. Errors: there is no shipped converter of that name ("json",
  /// "messagepack", "raw").
  static Result<Codec> shipped(Envelope envelope, std::string_view converter = "json");
};

/// One message. Valid while its listeners run, in coroutines until they end.
class Message {
 public:
  virtual ~Message() = default;

  virtual ConnectionId sender() const = 0;
  virtual DataType type() const = 0;
  virtual std::span<const std::byte> bytes() const = 0;  ///< as they came
  virtual const json::value& value() const = 0;          ///< what the converter made of them
  virtual std::string_view event() const = 0;            ///< "" when there is none
  virtual const std::vector<Header>& headers() const = 0;
  virtual const json::value& data() const = 0;
  /// What the client wants its answer to carry; nullptr = it asked for none.
  virtual const json::value* id() const = 0;

  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes().data()), bytes().size()};
  }
};

}  // namespace weft

template <>
struct boost::system::is_error_code_enum<weft::MessageErrc> : std::true_type {};
