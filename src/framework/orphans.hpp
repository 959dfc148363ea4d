// Orphans: messages that wait for a node that is gone and that nobody reads any more. A node that
// was not there twice in a row is taken for gone, and what waits for it comes to this one: users
// are reached, connections that went with their node become dead letters. Nothing happens on a node
// that is alone, nor with a storage that keeps what is one node's.
#pragma once
#include <set>
#include <vector>

#include "base/clock.hpp"
#include "framework/recipients.hpp"
#include "weft/storage.hpp"

namespace weft::framework {

class Orphans {
 public:
  /// `every`: how often it looks; longer than a node that has come needs to be known everywhere.
  explicit Orphans(Millis every) : every_(every) {}

  /// Looks when it is time. Errors of the storage wait for the next time.
  Task<void> look(MessageStorage& storage, Recipients& recipients);

 private:
  std::vector<unsigned> gone_again(const std::vector<unsigned>& known,
                                   const std::vector<unsigned>& there);

  Millis every_;
  SteadyTime looked_ = std::chrono::steady_clock::now();
  std::set<unsigned> missing_;
};

}  // namespace weft::framework
