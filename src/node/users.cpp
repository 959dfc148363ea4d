#include "node/users.hpp"

#include "base/check.hpp"

namespace weft {

std::size_t Users::add(const std::string& user) {
  Part& part = part_of(user);
  const std::lock_guard lock(part.mutex);
  return ++part.counts[user];
}

std::size_t Users::remove(const std::string& user) {
  Part& part = part_of(user);
  const std::lock_guard lock(part.mutex);
  const auto found = part.counts.find(user);
  check(found != part.counts.end(), "who leaves a user was bound to it");
  const std::size_t left = --found->second;
  if (left == 0) part.counts.erase(found);
  return left;
}

std::size_t Users::connections(const std::string& user) const {
  const Part& part = part_of(user);
  const std::lock_guard lock(part.mutex);
  const auto found = part.counts.find(user);
  return found == part.counts.end() ? 0 : found->second;
}

std::size_t Users::size() const {
  std::size_t all = 0;
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    all += part.counts.size();
  }
  return all;
}

}  // namespace weft
