// EdgeTest: a Vm, a fake host, and scripts written to a folder of their own; what tests of this
// room stand on.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/log.hpp"
#include "script/fake_host.hpp"
#include "script/vm.hpp"

namespace weft::script {

class EdgeTest : public testing::Test {
 protected:
  EdgeTest() {
    std::filesystem::create_directories(folder_);
    limits_.wait_timeout = std::chrono::milliseconds(10'000);
  }
  ~EdgeTest() override {
    vm_.reset();
    log::open("", log::Level::warn);
    std::filesystem::remove_all(folder_);
  }

  static constexpr ConnectionId kId{4611686018427387905};  // 19 digits
  static constexpr ConnectionId kOther{4611686018427387906};

  std::string write(const std::string& name, std::string_view text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  Vm& vm() {
    if (!vm_) vm_ = std::make_unique<Vm>(loop_, host_, limits_, registry_);
    return *vm_;
  }

  ScriptId load(std::string_view text, ScriptConfig config = {}) {
    config.file = write(config.file.empty() ? "entry.lua" : config.file, text);
    return vm().load(std::move(config));
  }

  /// Loads, opens kId, and returns after on_handshake.
  ScriptId open(std::string_view text, ScriptConfig config = {}) {
    const ScriptId script = load(text, std::move(config));
    vm().on_open(script, kId, handshake());
    return script;
  }
  ScriptId open_socket(std::string_view text) {
    ScriptConfig config;
    config.protocol = Protocol::socket;
    return open(text, std::move(config));
  }

  static Handshake handshake() {
    return {"GET", "/chat", "HTTP/1.1", {{"Host", "localhost"}, {"X-Token", "abc"}}};
  }

  void text(std::string_view data, ConnectionId id = kId) {
    vm().on_message(id, DataType::text, data);
  }

  /// What `answer(...)` of the script sent: the results of an expression, as the fake host saw
  /// them.
  std::string last_sent() const {
    return host_.sent.empty() ? "(nothing)" : host_.sent.back().data;
  }

  /// Runs `body` as on_message and gives what it sends.
  std::string run(std::string_view body) {
    host_.sent.clear();
    const ConnectionId id{next_id_++};
    ScriptConfig config;
    config.file = "run.lua";
    vm().on_open(load("function on_message(msg, conn) " + std::string(body) + " end", config), id,
                 handshake());
    text("hello", id);
    return last_sent();
  }
  /// The value of a Lua expression by tostring, or "error: …".
  std::string eval(std::string_view expression) {
    return run("local r = {pcall(function() return " + std::string(expression) +
               " end)} local n = #r < 3 and 3 or #r for i = 2, n do r[i] = tostring(r[i]) end "
               "if r[1] then conn:send(r[2] .. (r[3] ~= 'nil' and ' | ' .. r[3] or '')) else "
               "conn:send('error: ' .. r[2]) end");
  }

  /// Moves the wheel's time on, as the loop would.
  void pass(Millis time) { loop_.timers().advance(now_ += time); }

  /// From now on log lines are collected: logged() gives them.
  void watch_log() { log::open((folder_ / "log").string(), log::Level::info); }
  std::string logged() {
    std::ifstream file(folder_ / "log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  metrics::Registry registry_;
  net::Loop loop_{0, 1, registry_};
  SteadyTime now_ = std::chrono::steady_clock::now();
  FakeHost host_;
  VmLimits limits_;
  std::unique_ptr<Vm> vm_;
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  ("weft_script_" + std::to_string(::getpid()) + "_" +
                                   testing::UnitTest::GetInstance()->current_test_info()->name());
  std::int64_t next_id_ = 100;
};

}  // namespace weft::script
