// Vm: the Lua edge of one loop. Loads scripts, each into its own environment, and turns what
// happens to a connection into calls of its script's callbacks: strictly one after another per
// connection, interleaved between connections, never blocking the loop. Everything runs on that
// loop. Knows nothing of sockets and queues: it asks ScriptHost. docs/lua.md tells what a script
// may rely on.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "script/host.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft::script {

class Engine;

/// websocket: messages come cut out; socket: the script cuts them out of bytes (protocol_input and
/// so on).
enum class Protocol { websocket, socket };

/// Generation of the callbacks; automatic = by the number of parameters of on_message (2 = a, 1 =
/// b).
enum class Api { automatic, a, b };

struct ScriptConfig {
  std::string file;      ///< path of entry.lua
  std::string listener;  ///< id of the listener: one file used by two listeners is loaded twice
  Protocol protocol = Protocol::websocket;
  Api api = Api::automatic;
  std::map<std::string, std::string> options;  ///< mix.server.option(name)
};

struct VmLimits {
  std::size_t memory = 256 << 20;                  ///< bytes of all scripts of the loop together
  std::chrono::milliseconds watchdog{50};          ///< running time of one event, waits not counted
  std::chrono::milliseconds load_watchdog{2'000};  ///< the same for a file and its init()
  std::chrono::milliseconds wait_timeout{10'000};  ///< wait_context_value gives nil after this
  std::size_t max_package = 1 << 20;  ///< socket listeners: bytes that protocol_input may collect
  bool trusted = false;               ///< scripts may use io, os, debug, ffi and bytecode
  bool jit = false;                   ///< faster, but the watchdog does not see compiled loops
  std::vector<std::string> module_paths;  ///< folders of require(), after the folder of entry.lua
};

/// Names a loaded script within its Vm.
using ScriptId = int;

/// The upgrade request of a WebSocket connection; header names as sent.
struct Handshake {
  std::string method, request_uri, server_protocol;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// A script that cannot be loaded. what() = "file:line: message".
class ScriptError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a function has given that Vm::call called.
struct CallResult {
  std::string event = {};     ///< its first value; "" = it gave none
  std::string data = "null";  ///< its second value, as JSON text
  Problem problem = {};       ///< not empty: it ended with this error
};
using CallDone = std::function<void(CallResult)>;

enum class ScriptErrc { no_such_connection = 1, not_encoded };
error_code make_error_code(ScriptErrc error);

class Vm {
 public:
  /// `host` outlives the Vm and may be called from the constructor's end to the destructor's begin.
  Vm(net::Loop& loop, ScriptHost& host, VmLimits limits, metrics::Registry& metrics);
  ~Vm();
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;

  /// Runs the file and its init(). Throws ScriptError.
  ScriptId load(ScriptConfig config);

  /// Loads every script again of which a file changed; events that begin later see the new
  /// callbacks. A script that does not load any more leaves the old one running and logs file:line,
  /// once per change. Gives true when a script was replaced.
  bool reload_changed();

  // What happens to a connection. Each becomes one coroutine, begun when the one before has ended.

  /// on_connect, then on_handshake on websocket listeners.
  void on_open(ScriptId script, ConnectionId id, Handshake handshake = {});
  void on_message(ConnectionId id, DataType type, std::string_view data);  ///< websocket listeners
  void on_bytes(ConnectionId id, std::string_view bytes);                  ///< socket listeners
  /// The connection is gone: calls that need it fail from now on, its context stays readable until
  /// on_close has ended, then it is forgotten. Events handed over before still run first.
  void on_close(ConnectionId id, const CloseInfo& info);

  // Calls of single functions, for connections that were never handed to on_open.

  /// Calls the global function `function` of the script with (message, conn): a coroutine, begun
  /// when the calls of this connection before it have ended, under the limits of an event.
  /// `message`: JSON text. `done` is called once, on this loop, maybe before call() returns, and
  /// not at all when the Vm ends first. Reading from the connection goes on: who calls waits for
  /// `done`.
  void call(ScriptId script, ConnectionId id, std::string function, std::string message,
            CallDone done);
  /// The connection of such calls is gone. What was called before still runs to its end.
  void leave(ConnectionId id);
  /// The script has a global function of this name, as it is loaded now.
  bool has_function(ScriptId script, std::string_view function);

  /// Merges the members into the context and wakes a script that waits for one of them.
  Problem set_context(ConnectionId id, std::string_view json_object);
  std::string context_json(ConnectionId id);  ///< "{}" for an unknown connection

  /// `data` as protocol_encode of a socket listener wants it on the wire; unchanged on websocket
  /// listeners.
  Result<std::string> encode(ConnectionId id, std::string_view data, DataType type);

  /// An event runs, waits, or stands in line: more messages are queued, so better read no more.
  bool is_busy(ConnectionId id) const;
  bool has(ConnectionId id) const;
  std::size_t memory_used() const;  ///< bytes of Lua

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace weft::script

template <>
struct boost::system::is_error_code_enum<weft::script::ScriptErrc> : std::true_type {};
