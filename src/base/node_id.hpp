// NodeId: a node for its one life: 40 bits of start time (16 ms steps since 2026), 24 random bits.
// New on every start, so a restarted node is never mistaken for its past. In text 13 characters of
// base32.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

enum class NodeId : std::uint64_t { none = 0 };

NodeId new_node_id();
std::string to_string(NodeId id);
/// nullopt unless it is what to_string() writes, and for none.
std::optional<NodeId> parse_node_id(std::string_view text);

}  // namespace weft
