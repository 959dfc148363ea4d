#include "framework/processes.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace weft::framework {
namespace {

int nothing(ProcessContext&) { return 0; }

/// As if this program had been started as that process.
struct Asked {
  explicit Asked(const char* name) { ::setenv("WEFT_PROCESS", name, 1); }
  ~Asked() { ::unsetenv("WEFT_PROCESS"); }
};

TEST(ProcessesTest, AServerThatWasNotAskedIsAServer) {
  Processes processes;
  processes.add("mail", nothing);
  EXPECT_EQ(processes.run_if_asked({}), std::nullopt);
}

TEST(ProcessesTest, TheBodyRunsInPlaceOfTheServerOnceAndGivesTheExitCode) {
  const Asked asked("mail");
  Processes processes;
  processes.add("other", nothing);
  processes.add("mail", [](ProcessContext& context) {
    EXPECT_FALSE(context.stop_requested());
    EXPECT_EQ(context.arguments(), std::vector<std::string>{"-v"});
    return 7;
  });
  EXPECT_EQ(processes.run_if_asked({"-v"}), 7);
  EXPECT_EQ(processes.run_if_asked({"-v"}), std::nullopt);
}

TEST(ProcessesTest, SigtermIsARequestThatWaitersHear) {
  const Asked asked("mail");
  Processes processes;
  processes.add("mail", [](ProcessContext& context) {
    EXPECT_FALSE(context.wait(std::chrono::milliseconds(1)));
    ::raise(SIGTERM);
    EXPECT_TRUE(context.wait(std::chrono::hours(1)));
    return context.stop_requested() ? 0 : 1;
  });
  EXPECT_EQ(processes.run_if_asked({}), 0);
}

TEST(ProcessesTest, WhatThrowsOrIsUnknownHasItsOwnExitCode) {
  Processes processes;
  processes.add("mail", [](ProcessContext&) -> int { throw std::runtime_error("no mail"); });
  {
    const Asked asked("mail");
    EXPECT_EQ(processes.run_if_asked({}), 70);
  }
  const Asked asked("post");
  EXPECT_EQ(processes.run_if_asked({}), 64);
}

TEST(ProcessesTest, NamesAreSimpleAndTakenOnce) {
  Processes processes;
  processes.add("mail", nothing);
  EXPECT_THROW(processes.add("mail", nothing), std::invalid_argument);
  EXPECT_THROW(processes.add("a b", nothing), std::invalid_argument);
  EXPECT_THROW(processes.add("", nothing), std::invalid_argument);
}

TEST(ProcessesTest, ThisProgramIsStartedAgainWithItsArguments) {
  Processes processes;
  processes.add("mail", nothing);
  const auto specs = processes.specs("127.0.0.1:6787");
  ASSERT_EQ(specs.size(), 1u);
  EXPECT_NE(specs[0].command.find("framework_test"), std::string::npos);
  EXPECT_EQ(specs[0].environment.at("WEFT_PROCESS"), "mail");
  EXPECT_EQ(specs[0].environment.at("WEFT_DIRECTORY"), "127.0.0.1:6787");
}

}  // namespace
}  // namespace weft::framework
