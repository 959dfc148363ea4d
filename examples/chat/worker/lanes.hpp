// Work in lanes: pieces of one connection run one after another, also when a piece takes its time;
// lanes do not wait for each other.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "weft/types.hpp"

namespace chat {

/// Held by a piece of work as long as it takes; the next one of its lane runs when the last copy is
/// gone, however that happened. May be dropped on any thread.
using Turn = std::shared_ptr<void>;

class Lanes {
 public:
  using Work = std::function<void(Turn)>;
  using Post = std::function<void(std::function<void()>)>;

  /// Everything runs where `post` brings it: one thread, on which `add` has to be called too.
  explicit Lanes(Post post) : post_(std::move(post)) {}

  /// Runs `work`, at once if nothing of this lane is under way.
  void add(weft::ConnectionId lane, Work work) {
    auto [found, idle] = waiting_.try_emplace(lane);
    if (!idle) return found->second.push_back(std::move(work));
    work(turn_of(lane));
  }

 private:
  Turn turn_of(weft::ConnectionId lane) {
    return {nullptr, [this, lane](void*) { post_([this, lane] { run_next(lane); }); }};
  }

  void run_next(weft::ConnectionId lane) {
    auto found = waiting_.find(lane);
    if (found->second.empty()) {
      waiting_.erase(found);
      return;
    }
    const Work work = std::move(found->second.front());
    found->second.pop_front();
    work(turn_of(lane));
  }

  Post post_;
  std::unordered_map<weft::ConnectionId, std::deque<Work>>
      waiting_;  // an entry = something is under way
};

}  // namespace chat
