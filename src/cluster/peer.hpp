// Peer: what the mesh knows of one other node, and the packet that it fills for it.
#pragma once
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/node_id.hpp"
#include "cluster/interest.hpp"
#include "wire/mesh/packet.hpp"

namespace weft::cluster {

/// The packets that went to and fro, by number. Kept for as long as this node lives: another one
/// may be held for dead and come back, and goes on counting then.
struct PacketNumbers {
  std::uint64_t sent = 0;                  ///< to its inbox
  std::uint64_t heard = 0, heard_all = 0;  ///< the last from it; 0 = none yet
};

struct Peer {
  Peer(NodeId node, InterestFilter& filter)
      : id(node), subject("n." + to_string(node)), interest(filter) {}

  const NodeId id;
  const std::string subject;  ///< its inbox
  unsigned slot = 0;
  bool is_member = false;  ///< it has a lease; else we only heard of it
  bool is_suspect = false;
  std::uint64_t told = 0;  ///< how often it has said that there is more to know of it
  SteadyTime first_heard{}, asked_for_interest{};
  bool lacks_interest = false;  ///< it was asked for all of it, or will be, and that has not come

  mesh::PacketWriter packet;          ///< what is not sent yet
  std::vector<std::uint64_t> orders;  ///< that are in there and want an answer
  bool is_dirty = false;              ///< stands in the list of those to flush
  PacketNumbers numbers;
  PeerInterest interest;
};

}  // namespace weft::cluster
