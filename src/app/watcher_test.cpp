#include "app/watcher.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weft {
namespace {

/// A folder of its own for one test.
class WatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "weft-watcher-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name) { std::ofstream(folder / name) << "x"; }

  std::vector<std::string> changes_after(const std::function<void()>& act) {
    metrics::Registry metrics;
    net::Loop loop(0, 1, metrics);
    std::vector<std::string> seen;
    Watcher watcher(loop, {folder.string()}, [&](const std::vector<std::string>& changed) {
      seen.insert(seen.end(), changed.begin(), changed.end());
      loop.stop();
    });
    loop.post(act);
    loop.run();
    return seen;
  }

  std::filesystem::path folder;
};

TEST_F(WatcherTest, TellsWhichFileWasSaved) {
  EXPECT_EQ(changes_after([&] { write("entry.lua"); }),
            std::vector{(folder / "entry.lua").string()});
}

TEST_F(WatcherTest, ASaveByRenameIsASave) {
  write(".entry.lua.swp");
  EXPECT_EQ(changes_after(
                [&] { std::filesystem::rename(folder / ".entry.lua.swp", folder / "entry.lua"); }),
            std::vector{(folder / "entry.lua").string()});
}

TEST_F(WatcherTest, FoldersBelowAreWatchedToo) {
  std::filesystem::create_directories(folder / "lua/modules");
  EXPECT_EQ(changes_after([&] { write("lua/modules/a.lua"); }),
            std::vector{(folder / "lua/modules/a.lua").string()});
}

TEST_F(WatcherTest, ManySavesInOneMomentAreOneCall) {
  EXPECT_EQ(changes_after([&] {
              for (int i = 0; i < 3; ++i) write("a.lua");
              write("b.lua");
            }).size(),
            2u);
}

}  // namespace
}  // namespace weft
