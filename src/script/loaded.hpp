// Loaded: one run of a script file: its environment, its callbacks as they were when the file and
// init() had run, and the files it came from. A reload makes a new one; events that run keep
// theirs.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "script/machine.hpp"
#include "script/vm.hpp"

namespace weft::script {

/// The callbacks of docs/lua.md. The order is that of kCallbackNames.
enum class Callback : std::uint8_t { connect, handshake, input, decode, encode, message, close };
inline constexpr std::array<const char*, 7> kCallbackNames{
    "on_connect",      "on_handshake", "protocol_input", "protocol_decode",
    "protocol_encode", "on_message",   "on_close"};

/// A file as it was when it was read.
struct SourceFile {
  std::string path;
  std::string short_name;  ///< as error messages write it
  std::size_t stamp = 0;   ///< of time, size and inode
  std::size_t hash = 0;    ///< of the content

  static SourceFile read(std::string path, std::string& content);  ///< throws ScriptError
  bool is_changed() const;                                         ///< other content, or gone
  /// The time stamp moved, so is_changed() is worth asking; remembers the new one.
  bool is_touched();
};

class Loaded {
 public:
  Loaded(Machine& machine, ScriptConfig config) : machine_(machine), config_(std::move(config)) {}
  ~Loaded();
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  const ScriptConfig& config() const { return config_; }
  Api api() const { return api_; }  ///< a or b
  bool has(Callback callback) const {
    return callbacks_[static_cast<std::size_t>(callback)] != kNone;
  }
  void push(lua_State* L, Callback callback) const;  ///< the function, or nil
  void push_environment(lua_State* L) const;
  std::vector<SourceFile>& files() { return files_; }
  const SourceFile* file_of(std::string_view short_name) const;

  /// Inside Machine::protect or a coroutine: makes the environment; takes the callbacks from it.
  void make_environment(lua_State* L);
  void take_callbacks(lua_State* L);
  /// Compiles text for this environment and leaves the function on the stack; raises the compiler's
  /// message.
  void compile(lua_State* L, std::string_view text, const char* chunk_name);
  /// Asks the function on top of the stack how error messages call its file.
  static void remember_name(lua_State* L, SourceFile& file);

 private:
  static constexpr int kNone = -2;  // LUA_NOREF
  Machine& machine_;
  ScriptConfig config_;
  Api api_ = Api::a;
  int environment_ = kNone;
  std::array<int, 7> callbacks_{kNone, kNone, kNone, kNone, kNone, kNone, kNone};
  std::vector<SourceFile> files_;
};

}  // namespace weft::script
