// Events: the connections of this loop and the coroutines of their callbacks: who runs, who waits,
// who is next.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "script/connection.hpp"
#include "script/event.hpp"

namespace weft::script {

class Engine;

class Events {
 public:
  explicit Events(Engine& engine) : engine_(engine) {}
  ~Events();

  Connection* find(ConnectionId id) {
    return last_found_ && last_found_->id == id ? last_found_ : look_up(id);
  }
  Connection& add(ConnectionId id, ScriptId script);

  /// For calls only; one that is here already stays as it is.
  Connection& add_guest(ConnectionId id);

  /// It has ended: nobody will set the key of its context that a callback waits for. Gives nullptr
  /// when there is none or this was said before.
  Connection* closed(ConnectionId id);

  /// In line behind what the connection does now.
  void hand_over(Connection& connection, Pending pending);
  /// The same for a message, without a copy when the connection is idle.
  void message(Connection& connection, DataType type, std::string_view data);
  void bytes(Connection& connection, std::string_view bytes);

  /// Runs `entry` as `event`, made by the caller, at once and to its end; it may not wait. Gives
  /// the Lua error, "" when fine. `finish` sees the results on the stack of its coroutine.
  std::string run_now(Event& event, int (*entry)(lua_State*), void (*finish)(lua_State*, void*),
                      void* argument);

  // --- for bindings, while an event runs ---
  Event* current() { return current_; }
  Connection* current_connection() { return current_ ? find(current_->connection) : nullptr; }
  /// A wait of the running event begins; the completion brings the token to answer().
  WaitToken begin_wait();
  bool is_waiting(WaitToken token) const { return waits_.contains(token); }
  void answer(WaitToken token, Answer answer);
  /// For completions that may come after this object is gone.
  std::weak_ptr<void> alive() const { return alive_; }

  /// The key of the connection's context has a new value: wakes who waits for it.
  void context_set(Connection& connection, std::string_view key);
  /// Registry references of a connection; made when first asked for. Inside protected code.
  void push_context(lua_State* L, Connection& connection);
  void push_globals(lua_State* L, Connection& connection);
  /// The connection's `conn` for its messages: one for all of them.
  void push_self(lua_State* L, Connection& connection);

  lua_State* take_coroutine(int& reference);  ///< throws nothing; nullptr when memory is out
  void give_coroutine(lua_State* coroutine, int reference, bool is_reusable);

 private:
  Connection* look_up(ConnectionId id);
  void proceed(Connection& connection);
  void pause(Connection& connection);
  bool start_next(Connection& connection);
  void start(Connection& connection, Event::Kind kind, Pending* pending, DataType type,
             std::string_view data);
  void report(const Event& event, int status);
  void go(Event& event);
  void suspended(Event& event);
  void finished(Event& event, int status);
  void later(Connection& connection);
  void drain();
  void forget(ConnectionId id);
  std::unique_ptr<Event> take_event();
  void give_event(std::unique_ptr<Event> event);

  Engine& engine_;
  std::unordered_map<ConnectionId, Connection> connections_;
  Connection* last_found_ = nullptr;  // one message asks for its connection many times
  std::unordered_map<WaitToken, Event*> waits_;
  std::deque<ConnectionId> runnable_;
  std::vector<std::pair<lua_State*, int>> spare_;  // coroutines that ended well
  std::vector<std::unique_ptr<Event>> ended_;      // to be used again
  Event* current_ = nullptr;
  int depth_ = 0;
  WaitToken last_token_ = 0;
  std::shared_ptr<void> alive_ = std::make_shared<int>(0);
};

}  // namespace weft::script
