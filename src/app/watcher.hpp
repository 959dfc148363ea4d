// Watcher: tells when files below some folders were saved, by inotify. Bursts of one save come as
// one call.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.hpp"

namespace weft {

class Watcher {
 public:
  /// Watches `folders` and what is below them, without dot folders. `on_change` gets the paths that
  /// changed, on the loop, at most once per 50 ms. Folders that cannot be watched are logged and
  /// left out.
  Watcher(net::Loop& loop, std::vector<std::string> folders,
          std::function<void(const std::vector<std::string>&)> on_change);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  std::size_t folders() const;  ///< how many are watched, those below included

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace weft
