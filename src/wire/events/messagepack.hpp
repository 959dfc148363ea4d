// MessagePack (github.com/msgpack/msgpack/blob/master/spec.md) to JSON values and back. Pure.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <span>
#include <string>

#include "weft/result.hpp"

namespace weft::events {

namespace json = boost::json;

/// Reads exactly one value. bin becomes a string of its bytes; keys that are numbers become their
/// digits. Errors: MessageErrc::not_decodable (cut short, more behind it, ext types, other keys,
/// text that is not UTF-8), too_deep.
Result<json::value> read_messagepack(std::span<const std::byte> bytes, std::size_t max_depth,
                                     json::storage_ptr memory);

/// Appends `value`: integers in their shortest form, strings as str, or as bin when they are not
/// UTF-8.
void append_messagepack(std::string& out, const json::value& value);
void append_messagepack_map(std::string& out, std::size_t members);
void append_messagepack_text(std::string& out, std::string_view text);

}  // namespace weft::events
