// Integers beyond 2^53: numbers of Lua are doubles, so ids of 19 digits travel in a box that
// prints, compares, calculates and becomes JSON again without losing a digit. Equal integers share
// one box, so == and table keys work.
#pragma once
#include <cstdint>
#include <optional>

#include "weft/types.hpp"

struct lua_State;

namespace weft::script {

__extension__ using Wide = __int128;  // holds every int64 and every uint64

void make_integer_type(lua_State* L);
/// A number where a double is exact, else a box. `value` within [-2^63, 2^64).
void push_integer(lua_State* L, Wide value);
/// The integer at `index` when it is a box.
std::optional<Wide> boxed_integer(lua_State* L, int index);
/// Writes the decimal digits to `out` (at least 24 bytes) and gives their count.
int write_digits(Wide value, char* out);

/// A connection id given as digits, number or box; raises an error for anything else.
ConnectionId check_connection_id(lua_State* L, int index);

}  // namespace weft::script
