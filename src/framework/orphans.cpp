#include "framework/orphans.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace weft::framework {

using std::chrono::steady_clock;

Task<void> Orphans::look(MessageStorage& storage, Recipients& recipients) {
  if (steady_clock::now() - looked_ < every_) co_return;
  looked_ = steady_clock::now();
  const std::vector<unsigned> there = co_await recipients.nodes();
  if (there.empty()) co_return;
  const auto known = co_await storage.nodes();
  if (!known) co_return;
  for (const unsigned slot : gone_again(*known, there)) {
    const auto adopted = co_await storage.adopt(slot);
    if (adopted && *adopted > 0)
      log::warn("message queue: {} messages of slot {}, which no node has, are delivered from here",
                *adopted, slot);
  }
}

std::vector<unsigned> Orphans::gone_again(const std::vector<unsigned>& known,
                                          const std::vector<unsigned>& there) {
  std::set<unsigned> missing;
  for (const unsigned slot : known)
    if (!std::ranges::count(there, slot)) missing.insert(slot);
  std::vector<unsigned> again;
  std::ranges::set_intersection(missing, missing_, std::back_inserter(again));
  missing_ = std::move(missing);
  return again;
}

}  // namespace weft::framework
