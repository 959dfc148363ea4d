// Bytes of a socket listener in random pieces, through scripts that measure, decode and answer
// them: one that takes its orders from the bytes, and the protocols we ship.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "script/fake_host.hpp"
#include "script/vm.hpp"

namespace {

using namespace weft;

// The first bytes of a package say what protocol_input does with the buffer and what it gives.
constexpr std::string_view kObedient = R"(
  local kept
  function protocol_input(buf, conn)
    local head = buf:read(2)
    if not head then return 0 end
    local what, n = head:byte(1, 2)
    if what % 8 == 1 then buf:read(n) elseif what % 8 == 2 then buf:find(string.char(n))
    elseif what % 8 == 3 then tostring(buf) elseif what % 8 == 4 and kept then pcall(kept.read, kept, n)
    elseif what % 8 == 5 then kept = buf elseif what % 8 == 6 then conn:clear_buffer()
    elseif what % 8 == 7 then return ({-1, 0, 0.5, 1e300, "3", n * 1000, 0 / 0, -0.5})[n % 8 + 1] end
    assert(buf:position() <= buf:length() or what % 8 == 6)
    return n % 32 + 2
  end
  function protocol_decode(str, conn) return str end
  function on_message(str, conn) conn:send(str) end
)";

std::string protocol(const char* name, const char* arguments) {
  return std::string("local p = require('protocols/") + name +
         "') function protocol_input(buf, conn) return p.input(" + arguments +
         ") end function protocol_decode(str, conn) return p.decode(" +
         (std::string_view(name) == "websocket" ? "conn" : "str") +
         ") end function protocol_encode(str) return p.encode(str) end function on_message(data, "
         "conn) "
         "mix.queue.push('t', data) end";
}

struct House {
  metrics::Registry registry;
  net::Loop loop{0, 1, registry};
  script::FakeHost host;
  script::Vm vm{loop, host, limits(), registry};
  script::ScriptId scripts[4];
  std::int64_t next_id = 1;

  House() {
    log::set_level(log::Level::error);
    log::open("/dev/null", log::Level::error);
    const std::string texts[4] = {std::string(kObedient),
                                  protocol("websocket", "buf, conn, nil, on_handshake"),
                                  protocol("text", "buf"), protocol("jsonrpc", "buf")};
    for (int i = 0; i < 4; ++i) {
      const std::string file = "/tmp/weft_lua_buffer_fuzz_" + std::to_string(::getpid()) + ".lua";
      std::ofstream(file) << texts[i];
      script::ScriptConfig config;
      config.file = file;
      config.protocol = script::Protocol::socket;
      scripts[i] = vm.load(config);
      std::remove(file.c_str());
    }
  }
  static script::VmLimits limits() {
    script::VmLimits made;
    made.max_package = 4096;
    made.watchdog = std::chrono::seconds(10);  // sanitizers are slow
    return made;
  }
};

}  // namespace

// The Lua state grows and shrinks from input to input, which libFuzzer takes for a reason to search
// all memory for leaks after each of them.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static House& house = *new House;
  if (size < 2) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  unsigned split = data[1];
  const ConnectionId id{house.next_id++};
  house.vm.on_open(house.scripts[data[0] % 4], id);
  while (!rest.empty()) {
    split = split * 1103515245u + 12345u;
    const std::size_t piece =
        std::min<std::size_t>(data[1] == 0 ? rest.size() : (split >> 16) % 17 + 1, rest.size());
    house.vm.on_bytes(id, rest.substr(0, piece));
    rest.remove_prefix(piece);
  }
  (void)house.vm.encode(id, "out", DataType::text);
  house.vm.on_close(id, {});
  if (house.vm.has(id)) __builtin_trap();  // nothing in these scripts waits
  house.host.sent.clear();
  house.host.pushed.clear();
  house.host.calls.clear();
  return 0;
}
