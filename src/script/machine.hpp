// Machine: one lua_State with a cap on its memory and a watchdog on its time. Knows nothing of
// scripts and connections. Every entry into Lua goes through protect() or resume(), so a Lua error,
// also "not enough memory", never leaves this class.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>

#include "script/blocks.hpp"

struct lua_State;
struct lua_Debug;

namespace weft::script {

class Engine;

/// Running time of one event over all its slices.
struct Budget {
  std::chrono::nanoseconds limit{};
  std::chrono::nanoseconds used{};
  bool aborted = false;  ///< the watchdog ended it
};

class Machine {
 public:
  /// `owner` is what engine_of() finds. `memory` in bytes.
  Machine(Engine& owner, std::size_t memory);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  lua_State* main() const { return main_; }
  static Machine& of(lua_State* L);
  Engine& owner() const { return owner_; }
  std::size_t used() const { return used_; }
  std::size_t limit() const { return limit_; }

  /// Runs work(L) on the main state; gives "" or the Lua error. `work` must keep no object with a
  /// destructor in its frame while it calls Lua. The stack is as before afterwards.
  template <class Work>
  std::string protect(Work&& work) {
    return protect_raw(
        [](lua_State* L, void* w) { (*static_cast<std::remove_reference_t<Work>*>(w))(L); },
        const_cast<void*>(static_cast<const void*>(&work)));
  }

  /// lua_resume under the watchdog: 0, LUA_YIELD, or an error with the message on top of `co`.
  int resume(lua_State* co, int arguments, Budget& budget);

  /// The slice that runs has done a piece of work: its time starts again.
  void restart_budget();
  /// For long work in C++ on behalf of a script: raises the watchdog's error when the slice is over
  /// its limit.
  void stop_if_overdue(lua_State* L);
  /// The same for tight loops: looks at the clock once in 1024 calls.
  void step(lua_State* L) {
    if ((++steps_ & 1023) == 0) stop_if_overdue(L);
  }

  /// Gives back what an aborted or greedy event left; cheap when there is little.
  void tidy(bool thoroughly);

 private:
  struct Watch;
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);
  static void hook(lua_State* L, lua_Debug* activation);
  std::string protect_raw(void (*work)(lua_State*, void*), void* argument);
  void set_hook(int instructions);

  Engine& owner_;
  Blocks blocks_;
  std::size_t used_ = 0, limit_;
  unsigned steps_ = 0;
  Watch* watch_ = nullptr;
  lua_State* main_ = nullptr;
};

}  // namespace weft::script
