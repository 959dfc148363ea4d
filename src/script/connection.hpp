// Connection: what the edge remembers of one client: small while nothing happens.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "script/vm.hpp"

namespace weft::script {

struct Event;

/// One Vm::call: which function, who wants its result, and the result while it is made.
struct Call {
  ScriptId script = 0;
  std::string function;
  CallDone done;
  CallResult result = {};
};

/// What waits for the event before it to end.
struct Pending {
  enum class Kind : std::uint8_t { connect, handshake, message, package, close, call, leave } kind;
  DataType type = DataType::text;
  std::string data;
  std::unique_ptr<Handshake> handshake;
  std::unique_ptr<CloseInfo> close;
  std::unique_ptr<Call> call = {};
};

/// Bytes of a socket listener that are not cut into packages yet.
class Input {
 public:
  std::string_view view() const { return std::string_view(bytes_).substr(begin_); }
  bool is_ready() const { return fresh_; }        ///< worth asking protocol_input (again)
  std::uint64_t stamp() const { return stamp_; }  ///< changes when bytes leave the front

  void append(std::string_view bytes);
  /// protocol_input wants `size` bytes in all before it is asked again; 0 = any more.
  void wait_for(std::size_t size);
  void cut(std::size_t size);
  void clear() { cut(view().size()); }

 private:
  std::string bytes_;
  std::size_t begin_ = 0, need_ = 0;
  std::uint64_t stamp_ = 0;
  bool fresh_ = false;
};

struct Connection {
  static constexpr int kNone = -2;  // LUA_NOREF

  ConnectionId id;
  ScriptId script = 0;
  int context = kNone;           ///< registry reference of the context table
  int globals = kNone;           ///< registry reference of globals that its callbacks made
  int self = kNone;              ///< registry reference of the `conn` that its messages bring
  bool is_closed = false;        ///< on_close was handed over: the host knows it no more
  bool is_guest = false;         ///< it is here for calls only: its reading is not ours to stop
  bool is_paused = false;        ///< we asked the host to stop reading
  bool is_listed = false;        ///< stands in the list of connections that can go on
  bool is_deaf = false;          ///< its bytes mean nothing any more: it is being closed
  std::unique_ptr<Event> event;  ///< what runs or waits
  std::unique_ptr<std::deque<Pending>> backlog;
  std::unique_ptr<Input> input;
  std::shared_ptr<Handshake> handshake;  ///< made in Lua, until the script has seen it
  std::shared_ptr<void> extra;  ///< state of a native protocol helper, see bindings/websocket.cpp

  explicit Connection(ConnectionId connection, ScriptId script_id);
  ~Connection();
};

}  // namespace weft::script
