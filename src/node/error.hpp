// What can go wrong when the house is asked to do something.
#pragma once
#include "weft/result.hpp"

namespace weft {

enum class NodeErrc {
  no_such_connection = 1,  ///< not on this node, or gone
  outbox_full,             ///< queued nothing: the client reads too slowly
  bad_channel,             ///< see channel_name.hpp
  too_many_channels,       ///< max_channels of the connection's path
  encode_failed,           ///< the listener's protocol_encode refused
  bad_context,             ///< not a JSON object
  delivering,              ///< a publication is being delivered on this loop: not inside protocol_encode
};
error_code make_error_code(NodeErrc error);

}  // namespace weft

template <>
struct boost::system::is_error_code_enum<weft::NodeErrc> : std::true_type {};
