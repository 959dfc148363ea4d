// Every fault of config_errors.txt gets exactly the message that stands below it. After a change of
// wording run the test with WEFT_REGENERATE=1, which writes what is said now into that file, and
// read the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/config_load.hpp"

namespace weft {
namespace {

const std::string kCases = std::string(WEFT_SOURCE_DIR) + "/src/app/config_errors.txt";

/// One case of the file: "## title", "env A=B", "set a=b", "| yaml", "> expected".
struct Case {
  std::string title, yaml, expected;
  std::vector<std::string> given;  ///< all lines but the expected ones, as they stand
  LoadRequest request;
};

std::vector<Case> read_cases(std::vector<std::string>& preface) {
  std::vector<Case> cases;
  std::ifstream file(kCases);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) cases.emplace_back().title = line.substr(3);
    if (cases.empty()) {
      preface.push_back(line);
      continue;
    }
    Case& now = cases.back();
    if (line.starts_with(">")) {
      now.expected += line.substr(line.size() > 1 ? 2 : 1) + "\n";
      continue;
    }
    if (line.empty()) continue;
    now.given.push_back(line);
    if (line.starts_with("|")) now.yaml += line.substr(line.size() > 1 ? 2 : 1) + "\n";
    if (line.starts_with("env ")) {
      const std::size_t equals = line.find('=');
      now.request.environment[line.substr(4, equals - 4)] = line.substr(equals + 1);
    }
    if (line.starts_with("set ")) now.request.sets.push_back(line.substr(4));
  }
  return cases;
}

std::string said_of(Case& one) {
  one.request.file = "weft.yaml";
  one.request.text = one.yaml;
  return describe(load_config(one.request), false);
}

void write_cases(const std::vector<std::string>& preface, std::vector<Case>& cases) {
  std::ofstream file(kCases);
  for (const std::string& line : preface) file << line << "\n";
  for (Case& one : cases) {
    for (const std::string& line : one.given) file << line << "\n";
    std::istringstream said(said_of(one));
    for (std::string line; std::getline(said, line);) file << "> " << line << "\n";
    file << "\n";
  }
}

TEST(ConfigErrorsTest, EveryFaultIsNamedWithItsPlaceAndItsCure) {
  std::vector<std::string> preface;
  std::vector<Case> cases = read_cases(preface);
  if (std::getenv("WEFT_REGENERATE")) write_cases(preface, cases);
  EXPECT_GE(cases.size(), 40u);
  for (Case& one : cases) EXPECT_EQ(said_of(one), one.expected) << one.title;
}

TEST(ConfigErrorsTest, SecretsAreNotRepeatedInMessages) {
  LoadRequest request{.file = "weft.yaml"};
  request.text =
      "redis: [ { name: a, url: \"redi://u:hunter2@h\" } ]\napi: { access: { users: [ { username: "
      "u, password: [hunter2] } ] } }\n";
  EXPECT_EQ(describe(load_config(request), false).find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace weft
