// Users: how many connections of this node each user has. Changed when a connection is bound to a
// user or leaves one, never on a message's way, so it may lock. Any thread.
#pragma once
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace weft {

class Users {
 public:
  /// Each gives how many connections the user has now.
  std::size_t add(const std::string& user);
  std::size_t remove(const std::string& user);
  std::size_t connections(const std::string& user) const;
  /// How many users have one.
  std::size_t size() const;

 private:
  struct Part {
    mutable std::mutex mutex;
    boost::unordered_flat_map<std::string, std::size_t> counts;
  };
  Part& part_of(const std::string& user) {
    return parts_[std::hash<std::string>{}(user) % parts_.size()];
  }
  const Part& part_of(const std::string& user) const {
    return const_cast<Users*>(this)->part_of(user);
  }
  std::array<Part, 16> parts_;
};

}  // namespace weft
