#include "storage/lanes.hpp"

#include "storage/cursor.hpp"

namespace weft::storage {
namespace {

std::size_t bytes_of(const QueuedMessage& message) {
  constexpr std::size_t kOverhead = 400;  // of the message and of its places in the maps
  return kOverhead + message.id.size() + message.user.size() + message.event.size() +
         message.data.size();
}

}  // namespace

bool Lanes::add(QueuedMessage message) {
  const Order order = last_ + 1;
  if (!orders_.try_emplace(message.id, order).second) return false;
  last_ = order;
  bytes_ += bytes_of(message);
  Lane& lane = lanes_[{message.to, message.user}];
  lane.to = message.to;
  lane.user = message.user;
  entries_.emplace(order, Entry{std::move(message), &lane});
  lane.waiting.insert(order);
  settle(lane);
  return true;
}

Lanes::Taken Lanes::take(std::size_t max, SteadyTime now, Time wall, Millis visibility) {
  end_due(now);
  Taken taken;
  std::vector<Lane*> lent;  // to be offered no more once this batch is complete
  while (taken.messages.size() < max && !free_.empty()) {
    const auto [order, lane] = *free_.begin();
    Entry& entry = entries_.at(order);
    if (entry.message.expires_at && *entry.message.expires_at <= wall) {
      taken.expired.push_back(erase(order));
      taken.expired.back().why = "expired";
      continue;
    }
    ++entry.message.attempts;
    taken.messages.push_back(entry.message);
    free_.erase(free_.begin());
    set_state(order, entry, State::claimed, now + visibility);
    const bool has_more =
        !lane->waiting.empty() && entries_.at(*lane->waiting.begin()).state == State::waiting;
    lane->offered = has_more ? *lane->waiting.begin() : 0;
    if (has_more) free_.emplace(lane->offered, lane);
    lent.push_back(lane);
  }
  for (Lane* lane : lent) settle(*lane);
  return taken;
}

std::optional<QueuedMessage> Lanes::remove(const std::string& id) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return std::nullopt;
  return erase(found->second);
}

Result<void> Lanes::retry(const std::string& id, SteadyTime when) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return StorageErrc::not_found;
  Entry& entry = entries_.at(found->second);
  set_state(found->second, entry, State::delayed, when);
  settle(*entry.lane);
  return {};
}

const QueuedMessage* Lanes::find(const std::string& id) const {
  const auto found = orders_.find(id);
  return found == orders_.end() ? nullptr : &entries_.at(found->second).message;
}

std::optional<SteadyTime> Lanes::next_due() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

Result<Page<QueuedMessage>> Lanes::list(const Cursor& from, std::size_t limit,
                                        ConnectionId of) const {
  const auto after = read_cursor(from);
  if (!after) return after.error();
  Page<QueuedMessage> page;
  const auto add = [&](Order order) {
    if (page.items.size() == limit) return false;
    page.items.push_back(entries_.at(order).message);
    page.next = make_cursor(order);
    return true;
  };
  for (auto at = entries_.upper_bound(*after); at != entries_.end(); ++at) {
    const bool is_meant = of == ConnectionId::none || at->second.message.to == of;
    if (is_meant && !add(at->first)) return page;
  }
  page.next.clear();
  return page;
}

void Lanes::settle(Lane& lane) {
  const bool is_free = lane.claimed == 0 && !lane.waiting.empty() &&
                       entries_.at(*lane.waiting.begin()).state == State::waiting;
  const Order offered = is_free ? *lane.waiting.begin() : 0;
  if (lane.offered != offered) {
    if (lane.offered) free_.erase(lane.offered);
    if (offered) free_.emplace(offered, &lane);
    lane.offered = offered;
  }
  if (lane.claimed == 0 && lane.waiting.empty()) lanes_.erase(Target(lane.to, lane.user));
}

void Lanes::set_state(Order order, Entry& entry, State state, SteadyTime until) {
  if (entry.state != State::waiting) due_.erase({entry.until, order});
  if (entry.state == State::claimed) --entry.lane->claimed;
  entry.state = state;
  entry.until = until;
  if (state != State::waiting) due_.emplace(until, order);
  if (state == State::claimed) {
    ++entry.lane->claimed;
    entry.lane->waiting.erase(order);
  } else {
    entry.lane->waiting.insert(order);
  }
}

void Lanes::end_due(SteadyTime now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const Order order = due_.begin()->second;
    Entry& entry = entries_.at(order);
    set_state(order, entry, State::waiting);
    settle(*entry.lane);
  }
}

QueuedMessage Lanes::erase(Order order) {
  const auto at = entries_.find(order);
  Entry& entry = at->second;
  set_state(order, entry, State::waiting);
  Lane& lane = *entry.lane;
  lane.waiting.erase(order);
  QueuedMessage message = std::move(entry.message);
  orders_.erase(message.id);
  bytes_ -= bytes_of(message);
  entries_.erase(at);
  settle(lane);
  return message;
}

}  // namespace weft::storage
