// Everything a WebSocket peer can do wrong, as error codes with texts for people, and the close
// code that each one earns (RFC 6455 section 7.4.1).
#pragma once
#include <cstdint>

#include "weft/result.hpp"

namespace weft::ws {

enum class WsErrc {
  reserved_bits = 1,
  unknown_opcode,
  long_control_frame,
  fragmented_control,
  bad_length,
  message_too_big,
  too_many_fragments,
  not_masked,
  masked,
  unexpected_continuation,
  expected_continuation,
  bad_utf8,
  bad_close_size,
  bad_close_code,
  bad_deflate,
};

error_code make_error_code(WsErrc error);

/// What to write into the close frame after `error`: 1002, 1007 or 1009; 1011 for an error that is
/// not a WsErrc.
std::uint16_t close_code(const error_code& error);

}  // namespace weft::ws

template <>
struct boost::system::is_error_code_enum<weft::ws::WsErrc> : std::true_type {};
