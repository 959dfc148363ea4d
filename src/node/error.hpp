// What can go wrong when the house is asked to do something.
#pragma once
#include <string_view>

#include "weft/codes.hpp"
#include "weft/result.hpp"

namespace weft {

enum class NodeErrc {
  no_such_connection = 1,  ///< not on this node, or gone
  outbox_full,             ///< queued nothing: the client reads too slowly
  bad_channel,             ///< see channel_name.hpp
  too_many_channels,       ///< max_channels of the connection's path
  encode_failed,           ///< the listener's protocol_encode refused
  bad_context,             ///< not a JSON object
  bad_close,               ///< a code or a reason that no close frame may carry
  bad_user,                ///< not a name for a user: as channels, at most 249 bytes
  delivering,   ///< a publication is being delivered on this loop: not inside protocol_encode
  unreachable,  ///< the connection's node did not answer in time: it may have been carried out
  too_large,    ///< for the broker, which would have to carry it to another node
  not_bound,    ///< the connection does not belong to this user
  elsewhere     ///< another node of the mesh said what this one has no word for
};
error_code make_error_code(NodeErrc error);

/// Whether a close frame may carry them; if not, the error is bad_close.
bool may_close_with(CloseCode code, std::string_view reason);

}  // namespace weft

template <>
struct boost::system::is_error_code_enum<weft::NodeErrc> : std::true_type {};
