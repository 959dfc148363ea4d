// Roster: the sessions of one loop in the order of their ids, which is the order in which they came
// (an IdMaker only counts up). For whoever walks over all of them in pages, which stay right while
// sessions come and go: "the next hundred behind this id". 8 bytes a session and a little more.
//
// Invariants: no chunk is empty; the ids of a chunk ascend and lie below those of the next one;
// `first` of a chunk is the id of its first session.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/slab.hpp"
#include "weft/types.hpp"

namespace weft {

namespace session {
class Session;
}

class Roster {
 public:
  /// Its id is above those of all that were added before.
  void add(session::Session& session);
  void remove(const session::Session& session);
  std::size_t size() const { return size_; }
  /// The id of the newest; none when there is nobody.
  ConnectionId last() const;

  /// Calls `visit(session::Session&)` for at most `limit` sessions behind `after`, in order. The
  /// roster must not change meanwhile. Gives the id of the last one; none when there is nobody
  /// behind `after`.
  template <class Visit>
  ConnectionId walk(ConnectionId after, std::size_t limit, Visit&& visit) const {
    ConnectionId last = ConnectionId::none;
    Place at = behind(after);
    for (; limit > 0 && at.chunk < chunks_.size(); ++at.chunk, at.slot = 0)
      for (; limit > 0 && at.slot < chunks_[at.chunk].members->size; ++at.slot, --limit) {
        session::Session& session = *chunks_[at.chunk].members->sessions[at.slot];
        last = id_of(session);
        visit(session);
      }
    return last;
  }

 private:
  static constexpr std::uint32_t kChunk = 60, kSparse = 15;  // with the count: 488 bytes, on a slab
  struct Members : OnSlab {
    std::uint32_t size = 0;
    std::array<session::Session*, kChunk> sessions;
  };
  struct Chunk {
    ConnectionId first;
    std::unique_ptr<Members> members;
  };
  struct Place {
    std::size_t chunk;
    std::uint32_t slot;
  };
  static ConnectionId id_of(const session::Session& session);
  std::size_t chunk_of(ConnectionId id) const;
  Place behind(ConnectionId after) const;
  void join_with_next(std::size_t chunk);

  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
};

}  // namespace weft
