#include "driver/sqlite/database.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "base/log.hpp"

namespace weft::sqlite {
namespace {

constexpr const char* kSchema = "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT)";

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() {
    log::set_level(log::Level::error);
    std::string made = "/tmp/weft-sqlite-XXXXXX";
    folder_ = ::mkdtemp(made.data());
  }
  ~DatabaseTest() override { std::filesystem::remove_all(folder_); }

  SqliteOptions options(const std::string& file = "test.sqlite") {
    SqliteOptions made;
    made.file = folder_ / file;
    made.schema = kSchema;
    made.busy_timeout = std::chrono::milliseconds(50);
    return made;
  }
  static error_code run(Database& database, Database::Job job) {
    std::promise<error_code> done;
    database.submit(std::move(job), [&done](error_code error) { done.set_value(error); });
    return done.get_future().get();
  }
  static error_code put(Database& database, std::int64_t key, std::string value) {
    return run(database, [=](Handle& handle) {
      return handle.ask("INSERT INTO t VALUES(?, ?)", key, value).finish();
    });
  }
  static std::string get(Database& database, std::int64_t key) {
    std::string value = "nothing";
    run(database, [&](Handle& handle) {
      Query query = handle.ask("SELECT v FROM t WHERE k = ?", key);
      if (query.next()) value = query.text(0);
      return query.error();
    });
    return value;
  }

  std::filesystem::path folder_;
};

TEST_F(DatabaseTest, KeepsEveryByteOfATextOverARestart) {
  const std::string value("a\0b'\xc3\xa4", 6);
  {
    Database database(options());
    EXPECT_FALSE(put(database, 1, value));
  }
  Database database(options());
  EXPECT_EQ(get(database, 1), value);
  EXPECT_EQ(get(database, 2), "nothing");
}

TEST_F(DatabaseTest, UndoesAJobThatFailsAndNoOther) {
  Database database(options());
  EXPECT_FALSE(put(database, 1, "one"));
  const error_code error = run(database, [](Handle& handle) {
    handle.ask("INSERT INTO t VALUES(2, 'two')").finish();
    return handle.ask("INSERT INTO t VALUES(1, 'again')").finish();
  });
  EXPECT_EQ(error, SqliteErrc::exists);
  EXPECT_EQ(get(database, 1), "one");
  EXPECT_EQ(get(database, 2), "nothing");
}

TEST_F(DatabaseTest, DoesWhatWasHandedInBeforeItEnds) {
  constexpr int kJobs = 2000;
  std::atomic<int> done = 0;
  {
    Database database(options());
    for (int i = 0; i < kJobs; ++i) {
      database.submit(
          [i](Handle& handle) { return handle.ask("INSERT INTO t VALUES(?, '')", i).finish(); },
          [&done](error_code error) { done += error ? 0 : 1; });
    }
  }
  EXPECT_EQ(done, kJobs);
}

TEST_F(DatabaseTest, SaysThatAnotherHoldsTheFile) {
  Database first(options()), second(options());
  EXPECT_FALSE(put(second, 1, "one"));
  std::promise<void> held, enough;
  first.submit(
      [&](Handle&) {
        held.set_value();
        enough.get_future().wait();
        return error_code{};
      },
      [](error_code) {});
  held.get_future().wait();
  EXPECT_EQ(put(second, 2, "two"), SqliteErrc::busy);
  enough.set_value();
  EXPECT_FALSE(run(first, [](Handle&) { return error_code{}; }));
  EXPECT_FALSE(put(second, 2, "two"));
}

TEST_F(DatabaseTest, OpensTheFileWhenThatIsPossible) {
  Database database(options("folder/test.sqlite"));
  EXPECT_EQ(put(database, 1, "one"), SqliteErrc::cannot_open);
  std::filesystem::create_directory(folder_ / "folder");
  EXPECT_FALSE(put(database, 1, "one"));
}

TEST_F(DatabaseTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(folder_ / "test.sqlite") << std::string(5000, 'x');
  Database database(options());
  EXPECT_EQ(put(database, 1, "one"), SqliteErrc::damaged);
}

}  // namespace
}  // namespace weft::sqlite
