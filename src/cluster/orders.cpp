#include "cluster/orders.hpp"

namespace weft::cluster {

std::uint64_t Orders::open(std::vector<NodeId> asked, SteadyTime now, OnReply on_reply,
                           OnEnd on_end) {
  if (asked.empty()) {
    on_end({});
    return 0;
  }
  Open open{std::move(asked), {}, std::move(on_reply), std::move(on_end)};
  open_.emplace(++last_, std::move(open));
  deadlines_.emplace_back(now + patience_, last_);
  return last_;
}

void Orders::on_reply(NodeId from, const mesh::Envelope& reply) {
  const auto found = open_.find(reply.order);
  if (found == open_.end() || std::erase(found->second.missing, from) == 0) return;
  if (found->second.on_reply) found->second.on_reply(from, reply);
  end_if_done(found);
}

void Orders::fail(std::uint64_t order, NodeId node) {
  const auto found = open_.find(order);
  if (found == open_.end() || std::erase(found->second.missing, node) == 0) return;
  found->second.unreachable.push_back(node);
  end_if_done(found);
}

void Orders::forget(NodeId node) {
  std::vector<std::uint64_t> concerned;
  for (const auto& [order, open] : open_) concerned.push_back(order);
  for (const std::uint64_t order : concerned) fail(order, node);
}

void Orders::expire(SteadyTime now) {
  while (!deadlines_.empty() && deadlines_.front().first <= now) {
    const auto found = open_.find(deadlines_.front().second);
    deadlines_.pop_front();
    if (found != open_.end()) end(found);
  }
}

void Orders::end_all() {
  while (!open_.empty()) end(open_.begin());
  deadlines_.clear();
}

void Orders::end_if_done(Place place) {
  if (place->second.missing.empty()) end(place);
}

// Out of the table first: who is told may open the next one.
void Orders::end(Place place) {
  Open open = std::move(place->second);
  open_.erase(place);
  open.unreachable.insert(open.unreachable.end(), open.missing.begin(), open.missing.end());
  open.on_end(open.unreachable);
}

}  // namespace weft::cluster
