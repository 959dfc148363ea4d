// The command line as a user meets it: what is printed, and the exit code.
#include "app/cli/command_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <fstream>

#include "app/cli/exit_codes.hpp"
#include "app/config_load.hpp"

namespace weft::cli {
namespace {

namespace asio = boost::asio;

struct Outcome {
  int exit_code = 0;
  std::string out, err;
};

Outcome run(std::vector<std::string> words) {
  words.insert(words.begin(), "weft");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.exit_code = run_command_line(static_cast<int>(words.size()), argv.data());
  std::fflush(stdout);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A folder of its own for one test, and the current one while it runs.
class CommandLineTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "weft-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    before = std::filesystem::current_path();
    std::filesystem::current_path(folder);
  }
  void TearDown() override {
    std::filesystem::current_path(before);
    std::filesystem::remove_all(folder);
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(name) << text; }

  std::filesystem::path folder, before;
};

const std::vector<std::vector<std::string>> kCommands{{},
                                                      {"dev"},
                                                      {"run"},
                                                      {"init"},
                                                      {"config"},
                                                      {"config", "check"},
                                                      {"config", "dump"},
                                                      {"config", "explain"},
                                                      {"status"},
                                                      {"pub"},
                                                      {"sub"},
                                                      {"send"},
                                                      {"kick"},
                                                      {"drain"},
                                                      {"bench"},
                                                      {"version"}};

TEST_F(CommandLineTest, EveryHelpIsShortAndEndsWithAnExample) {
  for (std::vector<std::string> words : kCommands) {
    std::string name = "weft";
    for (const std::string& word : words) name += " " + word;
    words.push_back("--help");
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, kOk) << name;
    EXPECT_LE(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 40) << name << "\n"
                                                                            << outcome.out;
    const std::size_t example = outcome.out.find("Example");
    ASSERT_NE(example, std::string::npos) << name << "\n" << outcome.out;
    EXPECT_TRUE(contains(outcome.out.substr(example), "weft")) << name;
  }
}

TEST_F(CommandLineTest, WithoutArgumentsItShowsTheCommandsAndNothingElse) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.exit_code, kOk);
  for (const char* command :
       {"dev", "run", "init", "config", "status", "pub|sub|send|kick", "drain", "bench", "version"})
    EXPECT_TRUE(contains(outcome.out, command)) << command;
}

TEST_F(CommandLineTest, ATypingErrorGetsTheNearestCommandOrFlag) {
  const auto says = [](std::vector<std::string> words, const std::string& hint) {
    const Outcome outcome = run(std::move(words));
    EXPECT_EQ(outcome.exit_code, kUsage);
    EXPECT_TRUE(contains(outcome.err, hint)) << outcome.err;
  };
  says({"stauts"}, "did you mean status?");
  says({"config", "chekc"}, "did you mean check?");
  says({"status", "--jsno"}, "did you mean --json?");
  says({"kick", "conn:1", "--resaon", "x"}, "did you mean --reason?");
  says({"pub", "channel"}, "DATA");
  says({"drain", "--over", "60"}, "60 is not a duration");
  says({"send", "room:7", "x"}, "room:7 is not a connection");
}

TEST_F(CommandLineTest, CheckFindsWhatIsWrong) {
  write("weft.yaml", "paths: [ { path: /ws, answer: ehco } ]\n");
  const Outcome outcome = run({"config", "check"});
  EXPECT_EQ(outcome.exit_code, kConfigInvalid);
  EXPECT_TRUE(contains(
      outcome.out,
      "weft.yaml:1:31  error    paths[0].answer: \"ehco\" is not known, did you mean echo?"))
      << outcome.out;
}

TEST_F(CommandLineTest, CheckPraisesWhatIsRight) {
  write("other.yaml", "paths: [ { path: /ws, answer: echo } ]\n");
  const Outcome outcome = run({"config", "check", "other.yaml"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_EQ(outcome.out, "other.yaml: fine\n");
}

TEST_F(CommandLineTest, DumpTakesGlobalFlagsAfterItsName) {
  write("weft.yaml", "paths: [ { path: /ws, answer: echo } ]\n");
  EXPECT_TRUE(contains(run({"config", "dump", "--set", "node.slot=9"}).out, "slot: 9"));
  EXPECT_TRUE(
      contains(run({"--set", "node.slot=9", "config", "dump", "--json"}).out, "\"slot\":9"));
}

TEST_F(CommandLineTest, ExplainKnowsTheKeyOrTheNearestOne) {
  EXPECT_TRUE(
      contains(run({"config", "explain", "client.max_message"}).out, "WEFT_CLIENT_MAX_MESSAGE"));
  const Outcome outcome = run({"config", "explain", "client.max_mesage"});
  EXPECT_EQ(outcome.exit_code, kUsage);
  EXPECT_TRUE(contains(outcome.err, "did you mean client.max_message?"));
}

TEST_F(CommandLineTest, AServerDoesNotStartWithABadConfiguration) {
  write("weft.yaml", "listen: { api: \"0.0.0.0:6789\" }\n");
  for (const char* command : {"run", "dev"}) {
    write("weft.yaml", "listen: { api: \"0.0.0.0:6789\" }\nnode: { slto: 1 }\n");
    EXPECT_EQ(run({command}).exit_code, kConfigInvalid) << command;
  }
  EXPECT_TRUE(contains(run({"run"}).err, "- { username: worker, password_file: worker.password }"));
}

TEST_F(CommandLineTest, DevWithoutAProjectSaysHowToMakeOne) {
  const Outcome outcome = run({"dev", "nowhere"});
  EXPECT_EQ(outcome.exit_code, kConfigInvalid);
  EXPECT_TRUE(contains(outcome.err, "weft init chat nowhere"));
}

TEST_F(CommandLineTest, InitWritesAProjectThatPassesTheCheck) {
  EXPECT_EQ(run({"init", "chat", "demo"}).exit_code, kOk);
  LoadRequest request{.file = "demo/weft.yaml"};
  const Loaded loaded = load_config(request);
  EXPECT_TRUE(loaded.findings.empty()) << describe(loaded, false);
  EXPECT_FALSE(loaded.config.workers.empty());
}

TEST_F(CommandLineTest, InitNeverOverwrites) {
  write("weft.yaml", "mine");
  const Outcome outcome = run({"init", "chat"});
  EXPECT_EQ(outcome.exit_code, kFailure);
  EXPECT_TRUE(contains(outcome.err, "weft.yaml is there already")) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists("web"));
}

TEST_F(CommandLineTest, InitKnowsItsTemplates) {
  EXPECT_EQ(run({"init", "chess"}).exit_code, kUsage);
}

TEST_F(CommandLineTest, NobodyListeningIsAnExitCodeOfItsOwn) {
  std::string api;
  {
    asio::io_context context;
    const asio::ip::tcp::acceptor free_port(context, {asio::ip::address_v4::loopback(), 0});
    api = "127.0.0.1:" + std::to_string(free_port.local_endpoint().port());
  }
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"pub", "a", "b"},
                                             {"sub", "a"},
                                             {"send", "conn:1", "x"},
                                             {"kick", "conn:1"},
                                             {"drain"}}) {
    std::vector<std::string> all{"--api", api};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run(all);
    EXPECT_EQ(outcome.exit_code, kCannotConnect) << words[0];
    EXPECT_TRUE(contains(outcome.err, "cannot connect to http://" + api)) << outcome.err;
  }
}

TEST_F(CommandLineTest, VersionIsOneLineUnlessAskedForMore) {
  const Outcome outcome = run({"version"});
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
  EXPECT_TRUE(contains(run({"version", "--full"}).out, "OpenSSL"));
}

}  // namespace
}  // namespace weft::cli
