// Entries of a message stream in Redis. Anybody may write one:
//
//   XADD weft:messages:SLOT '*' connection ID event NAME data JSON ttl MILLISECONDS
//
// with `user NAME` in place of `connection ID`. SLOT is (ID >> 10) & 4095, the node's; `data` is
// JSON text, null when it is left out; `ttl` counts from the entry's id, Redis' own clock, and may
// be left out. Fields that are not ours are ignored. Pure functions: what is wrong with an entry is
// a text for its dead letter.
#pragma once
#include <string>
#include <vector>

#include "driver/redis/client.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

struct ParsedEntry {
  QueuedMessage message;
  std::string problem = {};  ///< "" = it is a message
};

/// `fields`: name, value, name, value …
ParsedEntry parse_entry(std::string id, std::vector<redis::Reply> fields);
/// As it was before it was buried: reads whatever can be read.
QueuedMessage parse_dead_letter(std::vector<redis::Reply> fields);
/// The fields of `message`, as XADD wants them.
std::vector<std::string> entry_of(QueuedMessage message, Time now);

/// "1700000000000-0": milliseconds and a number. nullopt = it is not an id of a stream.
std::optional<Time> time_of_entry(std::string_view id);

/// Whether it is one JSON text, in UTF-8 and nested no deeper than 32.
bool is_json(std::string_view text);

}  // namespace weft::storage
