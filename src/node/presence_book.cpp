#include "node/presence_book.hpp"

#include <algorithm>

namespace weft {

std::string member_of(std::string_view user, ConnectionId connection) {
  return user.empty() ? "c:" + to_string(connection) : "u:" + std::string(user);
}

std::string_view user_of_member(std::string_view member) {
  return member.starts_with("u:") ? member.substr(2) : std::string_view();
}

bool PresenceBook::came(const PresenceKey& key, ConnectionId connection) {
  const auto [found, is_new] = entries_.try_emplace(key);
  Entry& entry = found->second;
  entry.connections.push_back(connection);
  entry.gone = {connection, {}};
  if (!is_new && entry.state != State::asking_join) entry.state = State::there;
  keep(*found);
  return is_new;
}

void PresenceBook::begin_leaving(const PresenceKey& key, Entry& entry, SteadyTime now) {
  entry.state = State::leaving;
  entry.due = now + debounce_;
  waiting_.emplace_back(entry.due, key);
}

void PresenceBook::left(const PresenceKey& key, ConnectionId connection, SteadyTime now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (std::erase(entry.connections, connection) == 0) return;
  const bool is_last = entry.connections.empty();
  entry.gone.connection = is_last ? connection : entry.connections.back();
  if (is_last && entry.state == State::there) begin_leaving(key, entry, now);
  keep(*found);
}

// What has to be told if this node dies, as it is now.
void PresenceBook::keep(Place& place) {
  auto& [key, entry] = place;
  if (entry.state == State::asking_join || entry.kept == entry.gone.connection) return;
  entry.kept = entry.gone.connection;
  changes_.emplace_back(key, entry.gone);
}

void PresenceBook::erase(std::map<PresenceKey, Entry>::iterator entry) {
  if (entry->second.kept != ConnectionId::none) changes_.emplace_back(entry->first, std::nullopt);
  entries_.erase(entry);
}

void PresenceBook::left_elsewhere(const PresenceKey& key, Gone gone, SteadyTime now) {
  const auto [found, is_new] = entries_.try_emplace(key);
  if (!is_new) return;  // it stands here too, or its leave waits already
  found->second.gone = std::move(gone);
  begin_leaving(key, found->second, now);
  keep(*found);
}

bool PresenceBook::join_known(const PresenceKey& key, bool someone_has_it, SteadyTime now) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.state != State::asking_join) return false;
  found->second.state = State::there;
  if (found->second.connections.empty()) begin_leaving(key, found->second, now);
  keep(*found);
  return !someone_has_it;
}

std::vector<PresenceKey> PresenceBook::due(SteadyTime now) {
  std::vector<PresenceKey> all;
  for (; !waiting_.empty() && waiting_.front().first <= now; waiting_.pop_front()) {
    auto& [when, key] = waiting_.front();
    const auto found = entries_.find(key);
    if (found == entries_.end()) continue;
    Entry& entry = found->second;
    if (entry.state != State::leaving || entry.due != when) continue;  // it came back
    entry.state = State::asking_leave;
    all.push_back(std::move(key));
  }
  return all;
}

bool PresenceBook::is_taken_over(const PresenceKey& key) const {
  const auto found = entries_.find(key);
  return found != entries_.end() && !found->second.gone.node.empty();
}

void PresenceBook::wait_again(const PresenceKey& key, SteadyTime now) {
  const auto found = entries_.find(key);
  if (found != entries_.end() && found->second.state == State::asking_leave)
    begin_leaving(key, found->second, now);
}

std::optional<PresenceBook::Gone> PresenceBook::leave_known(const PresenceKey& key,
                                                            bool someone_has_it) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.state != State::asking_leave) return std::nullopt;
  Gone gone = std::move(found->second.gone);
  erase(found);
  if (someone_has_it) return std::nullopt;
  return gone;
}

// Who left here and came there has not left: whoever stood here is forgotten.
bool PresenceBook::asked_join(const PresenceKey& key, bool asker_is_higher) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  if (found->second.state == State::asking_join) return !asker_is_higher;
  if (found->second.connections.empty()) erase(found);
  return true;
}

bool PresenceBook::asked_leave(const PresenceKey& key, bool asker_is_higher) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  return found->second.state != State::asking_leave || !asker_is_higher;
}

std::optional<SteadyTime> PresenceBook::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().first;
}

std::vector<std::pair<PresenceKey, ConnectionId>> PresenceBook::take_leaving() {
  std::vector<std::pair<PresenceKey, ConnectionId>> all;
  for (const auto& [key, entry] : entries_) all.emplace_back(key, entry.gone.connection);
  entries_.clear();
  waiting_.clear();
  return all;
}

void PresenceBook::forget_own() {
  std::erase_if(entries_, [](const Place& place) { return place.second.gone.node.empty(); });
  for (auto& place : entries_) changes_.emplace_back(place.first, place.second.gone);
}

}  // namespace weft
