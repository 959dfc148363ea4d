// Waiting: an Answer on its way to a thread beside the loops. When the server ends before it comes,
// or nothing can give it any more, it becomes what it then has to be: nobody blocks for ever. On a
// loop nobody blocks; there it is no more than its giver.
#pragma once
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "weft/answer.hpp"

namespace weft::framework {

/// Those who wait. Any thread.
class WaitingRoom {
 public:
  class Guest {
   public:
    virtual ~Guest() = default;
    virtual void give_up() = 0;
  };
  /// false = it is closed already.
  bool enter(const std::shared_ptr<Guest>& guest) {
    const std::lock_guard lock(mutex_);
    if (!closed_) guests_.emplace(guest.get(), guest);
    return !closed_;
  }
  void leave(const Guest& guest) {
    const std::lock_guard lock(mutex_);
    guests_.erase(&guest);
  }
  /// The loops have ended: whoever is in gives up, nobody comes in any more.
  void close() {
    std::unordered_map<const Guest*, std::weak_ptr<Guest>> left;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      left = std::exchange(guests_, {});
    }
    for (const auto& [address, guest] : left)
      if (const auto still = guest.lock()) still->give_up();
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const Guest*, std::weak_ptr<Guest>> guests_;
  bool closed_ = false;
};

template <class T>
class Waiting final : public WaitingRoom::Guest {
 public:
  /// `room`: nullptr on a loop.
  Waiting(T otherwise, WaitingRoom* room) : otherwise_(std::move(otherwise)), room_(room) {}
  ~Waiting() override {
    if (!room_) return;
    room_->leave(*this);
    give_up();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void give(T value) { giver_.give(std::move(value)); }
  void give_up() override { giver_.give(otherwise_); }
  Answer<T> answer() const { return giver_.answer(); }

 private:
  typename Answer<T>::Giver giver_;
  const T otherwise_;
  WaitingRoom* room_;
};

/// What is known without asking.
template <class T>
Answer<T> known(T value) {
  typename Answer<T>::Giver giver;
  giver.give(std::move(value));
  return giver.answer();
}

}  // namespace weft::framework
