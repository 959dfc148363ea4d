#include "node/roster.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "session/session.hpp"

namespace weft {

ConnectionId Roster::id_of(const session::Session& session) { return session.id(); }

void Roster::add(session::Session& session) {
  if (chunks_.empty() || chunks_.back().members->size == kChunk)
    chunks_.push_back({session.id(), std::make_unique<Members>()});
  Members& last = *chunks_.back().members;
  check(last.size == 0 || last.sessions[last.size - 1]->id() < session.id(), "ids count up");
  last.sessions[last.size++] = &session;
  ++size_;
}

ConnectionId Roster::last() const {
  if (chunks_.empty()) return ConnectionId::none;
  const Members& members = *chunks_.back().members;
  return members.sessions[members.size - 1]->id();
}

void Roster::remove(const session::Session& session) {
  const std::size_t chunk = chunk_of(session.id());
  Members& members = *chunks_[chunk].members;
  const auto end = members.sessions.begin() + members.size;
  const auto found = std::find(members.sessions.begin(), end, &session);
  check(found != end, "a session that goes was added");
  std::move(found + 1, end, found);
  --members.size;
  --size_;
  if (members.size == 0) {
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk));
    return;
  }
  chunks_[chunk].first = members.sessions[0]->id();
  if (members.size < kSparse && chunk + 1 < chunks_.size()) join_with_next(chunk);
}

// Who stays long must not keep the chunks of all who came with it.
void Roster::join_with_next(std::size_t chunk) {
  Members& left = *chunks_[chunk].members;
  const Members& right = *chunks_[chunk + 1].members;
  if (left.size + right.size > kChunk - kSparse) return;
  std::copy_n(right.sessions.begin(), right.size, left.sessions.begin() + left.size);
  left.size += right.size;
  chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk) + 1);
}

// The last chunk that begins at or before `id`; the first one when none does.
std::size_t Roster::chunk_of(ConnectionId id) const {
  const auto above =
      std::upper_bound(chunks_.begin(), chunks_.end(), id,
                       [](ConnectionId one, const Chunk& chunk) { return one < chunk.first; });
  return above == chunks_.begin() ? 0 : static_cast<std::size_t>(above - chunks_.begin()) - 1;
}

Roster::Place Roster::behind(ConnectionId after) const {
  if (chunks_.empty()) return {0, 0};
  const std::size_t chunk = chunk_of(after);
  const Members& members = *chunks_[chunk].members;
  const auto begin = members.sessions.begin();
  const auto next = std::upper_bound(
      begin, begin + members.size, after,
      [](ConnectionId id, const session::Session* session) { return id < session->id(); });
  return {chunk, static_cast<std::uint32_t>(next - begin)};
}

}  // namespace weft
