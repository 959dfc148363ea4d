#include "script/machine.hpp"

#include <lua.hpp>

#include <algorithm>
#include <ctime>

#include "base/check.hpp"

namespace weft::script {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr int kInstructions = 1000;        // between two looks at the clock
constexpr std::size_t kReserve = 1 << 20;  // bytes beyond the cap, for our own work between events

/// CPU time of this thread: a busy machine must not make a script look like a runaway.
nanoseconds cpu_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

int panic(lua_State* /*L*/) {
  check(false, "a Lua error must not leave Machine");
  return 0;
}

}  // namespace

// One resume() on the C++ stack. The clocks are read at the first hook, so short events pay for
// none.
struct Machine::Watch {
  Budget& budget;
  Watch* outer;
  bool sampled = false;
  steady_clock::time_point wall{};
  nanoseconds cpu{};

  void sample() {
    sampled = true;
    wall = steady_clock::now();
    cpu = cpu_time();
  }
  bool is_over() {
    if (!sampled) {
      sample();
      return budget.used >= budget.limit;
    }
    if (steady_clock::now() - wall < budget.limit - budget.used)
      return false;  // cheap, and mostly enough
    return cpu_time() - cpu >= budget.limit - budget.used;
  }
};

Machine::Machine(Engine& owner, std::size_t memory)
    : owner_(owner), limit_(memory), main_(lua_newstate(&Machine::allocate, this)) {
  check(main_ != nullptr, "there is memory for an empty Lua state");
  lua_atpanic(main_, panic);
  set_hook(kInstructions);
}

Machine::~Machine() { lua_close(main_); }

Machine& Machine::of(lua_State* L) {
  void* self = nullptr;
  lua_getallocf(L, &self);
  return *static_cast<Machine*>(self);
}

void Machine::set_hook(int instructions) {
  lua_sethook(main_, &Machine::hook, LUA_MASKCOUNT, instructions);
}

void* Machine::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  Machine& machine = *static_cast<Machine*>(self);
  if (new_size == 0) {
    machine.used_ -= old_size;
    return machine.blocks_.resize(block, old_size, 0);
  }
  const std::size_t cap = machine.watch_ ? machine.limit_ : machine.limit_ + kReserve;
  if (new_size > old_size && new_size - old_size > cap - std::min(cap, machine.used_))
    return nullptr;
  void* moved = machine.blocks_.resize(block, old_size, new_size);
  if (moved) machine.used_ = machine.used_ - old_size + new_size;
  return moved;
}

// LuaJIT's hooks belong to the whole state: coroutines of the script are watched too. Once over the
// limit every further instruction fails, so neither pcall nor a coroutine can carry on.
void Machine::hook(lua_State* L, lua_Debug* /*activation*/) { of(L).stop_if_overdue(L); }

void Machine::stop_if_overdue(lua_State* L) {
  if (!watch_) return;
  if (!watch_->budget.aborted) {
    if (!watch_->is_over()) return;
    watch_->budget.aborted = true;
    set_hook(1);
  }
  // The innermost Lua function; a C function says no line.
  lua_Debug place{};
  for (int level = 0; lua_getstack(L, level, &place); ++level) {
    lua_getinfo(L, "Sl", &place);
    if (place.currentline > 0) break;
  }
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(watch_->budget.limit);
  if (place.currentline > 0)
    lua_pushfstring(L, "%s:%d: ", place.short_src, place.currentline);
  else
    lua_pushliteral(L, "");
  lua_pushfstring(L, "ran longer than the %d ms of one event and was stopped",
                  static_cast<int>(limit.count()));
  lua_concat(L, 2);
  lua_error(L);
}

std::string Machine::protect_raw(void (*work)(lua_State*, void*), void* argument) {
  struct Task {
    void (*work)(lua_State*, void*);
    void* argument;
  } task{work, argument};
  const auto enter = [](lua_State* L) {
    const Task* todo = static_cast<const Task*>(lua_touserdata(L, 1));
    lua_settop(L, 0);
    todo->work(L, todo->argument);
    return 0;
  };
  const int top = lua_gettop(main_);
  if (lua_cpcall(main_, enter, &task) == 0) return "";
  const char* message =
      lua_type(main_, -1) == LUA_TSTRING ? lua_tostring(main_, -1) : "error without a message";
  std::string problem = message;
  lua_settop(main_, top);
  return problem;
}

int Machine::resume(lua_State* co, int arguments, Budget& budget) {
  Watch watch{budget, watch_};
  watch_ = &watch;
  const int status = lua_resume(co, arguments);
  watch_ = watch.outer;
  if (watch.sampled) budget.used += cpu_time() - watch.cpu;
  if (budget.aborted) set_hook(kInstructions);
  return status;
}

void Machine::restart_budget() {
  if (!watch_) return;
  watch_->budget.used = {};
  watch_->sampled = false;
}

void Machine::tidy(bool thoroughly) {
  if (used_ < limit_ / 2 && !thoroughly) return;
  // The collector's next cycle begins when memory reaches `pause` percent of what lives: keep that
  // under the cap.
  const std::size_t pause =
      std::clamp<std::size_t>(limit_ * 9 / 10 * 100 / std::max<std::size_t>(used_, 1), 105, 200);
  protect([&](lua_State* L) {
    lua_gc(L, LUA_GCSETPAUSE, static_cast<int>(pause));
    if (thoroughly) lua_gc(L, LUA_GCCOLLECT, 0);
  });
}

}  // namespace weft::script
