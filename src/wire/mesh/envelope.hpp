// Envelope: one thing that a node says to another. All kinds have the same shape, so a node skips
// what it does not know without guessing.
//
//   size      varint  bytes that follow
//   kind      1 byte
//   flags     1 byte: which of the next four stand there, and two about the body
//   [order]        varint: answer with a reply of this number
//   [connections]  varint count, 8 bytes each
//   [numbers]      varint count, varints
//   [name]         varint size, bytes
//   body      the rest
//
// Varints: 7 bits a byte, lowest first, at most 10 bytes. Fixed numbers: highest byte first.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/types.hpp"

namespace weft::mesh {

enum class Kind : std::uint8_t {
  publication = 1,  ///< name: channel. body
  /// Somebody has entered a channel whose presence is told. name: channel. body: who, in
  /// node/presence_book's words. reply: [error, 1 = stood there already]
  join = 2,
  /// Its last connection here has left. name, body: as join. connections: which. numbers: [1 = tell
  /// it in my place, I go]. reply: [error, 1 = stands there still]
  leave = 3,
  send = 4,       ///< connections: to these, each once. numbers: [except count]. body
  push_all = 5,   ///< connections: all but these. numbers: [page]. body
  control = 6,    ///< connections: of whom. numbers: [Control, …]. name, body: its arguments
  reply = 7,      ///< order. numbers: [error, …]. body
  beat = 8,       ///< numbers: [interest version]. body: about the node, JSON
  probe = 9,      ///< numbers: [which]. To oneself
  interest = 10,  ///< numbers: [from version, to version, added, ack wanted]. body: 8-byte hashes
  interest_all = 11,  ///< numbers: [version, part, parts]. body: 8-byte hashes
  interest_ask = 12,  ///< send me your interest_all
  goodbye = 13,       ///< I leave in order: nothing has to be told for me
  death = 14,         ///< numbers: [node]. It is dead, and I tell its ends
  checksum = 15       ///< see wire/mesh/packet.hpp: part of a packet's head
};

/// What a control orders. The reply's numbers are [error] where nothing else is said.
enum class Control : std::uint8_t {
  subscribe = 1,    ///< body: channels, each ended by NUL
  unsubscribe = 2,  ///< the same
  set_context = 3,  ///< body: JSON object
  close = 4,        ///< numbers: [.., code]. name: reason
  hold = 5,         ///< numbers: [.., 0 or 1]
  describe = 6,     ///< reply's body: JSON of the connection
  send_event = 7,   ///< name: event. body: JSON
  user = 8,         ///< name: user. reply's body: JSON list of its connections here
  /// name: user. numbers: [.., code, 1 = unbind in place of closing]. connections: all but these.
  /// body: reason. reply: [error, how many]
  kick = 9,
  presence = 10,  ///< name: channel. reply's body: JSON list of who is there
  send = 11,      ///< body
  bind = 12,      ///< name: user
  unbind = 13     ///< name: user it has to be bound to; "" = any
};

struct Envelope {
  Kind kind = Kind::probe;
  DataType type = DataType::text;  ///< of the body
  bool is_event = false;           ///< the body is the JSON envelope of an event
  std::uint64_t order = 0;         ///< 0 = no answer is wanted
  std::vector<ConnectionId> connections = {};
  std::vector<std::uint64_t> numbers = {};
  std::string_view name = {};
  std::string_view body = {};

  /// 0 when there are not so many.
  std::uint64_t number(std::size_t at) const { return at < numbers.size() ? numbers[at] : 0; }
};

/// Appends it to `out`.
void encode(const Envelope& envelope, std::string& out);

/// Reads what follows `size`: `bytes` is exactly one envelope without its size. The views of `into`
/// point into it; vectors keep their memory. false: it is broken, or has flags of a later version.
/// A kind that is not known is no error.
bool decode(std::string_view bytes, Envelope& into);

void append_varint(std::string& out, std::uint64_t value);
/// Takes it from the front of `in`; nothing is taken and false when there is none.
bool take_varint(std::string_view& in, std::uint64_t& value);

}  // namespace weft::mesh
