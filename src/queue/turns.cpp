#include "queue/turns.hpp"

namespace weft::queue {

bool Turns::begin(const Waiting& one) {
  if (one.job->connection == ConnectionId::none) return true;
  const auto [found, is_first] = behind_.try_emplace(one.job->connection);
  if (is_first) return true;
  found->second.push_back(one);
  ++waiting_;
  return false;
}

Turns::Waiting Turns::end(ConnectionId connection) {
  const auto found = behind_.find(connection);
  if (found == behind_.end()) return {};
  if (found->second.empty()) {
    behind_.erase(found);
    return {};
  }
  Waiting next = std::move(found->second.front());
  found->second.pop_front();
  --waiting_;
  return next;
}

}  // namespace weft::queue
