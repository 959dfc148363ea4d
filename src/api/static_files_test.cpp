#include "api/static_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "api/fakes.hpp"

namespace weft::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using transport::HttpResponse;

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    std::string name = (fs::temp_directory_path() / "weft_static_XXXXXX").string();
    root_ = mkdtemp(name.data());
    fs::create_directories(root_ / "public/sub/.git");
    write("public/index.html", "<h1>hi</h1>");
    write("public/app.js", "export {}");
    write("public/sub/index.html", "sub");
    write("public/sub/.git/config", "secret");
    write("public/.env", "secret");
    write("secret.txt", "secret");
    files_ = std::make_unique<StaticFiles>(root_ / "public", "/", 1);
  }
  ~StaticFilesTest() override { fs::remove_all(root_); }

  void write(const std::string& path, std::string_view content) {
    std::ofstream(root_ / path) << content;
  }
  HttpResponse ask(std::string method, std::string path,
                   std::vector<transport::HttpHeader> headers = {}) {
    transport::HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = std::move(headers);
    const auto exchange = std::make_shared<FakeExchange>(loop_);
    files_->on_request(request, exchange);
    return exchange->response.value();
  }
  HttpResponse get(std::string path) { return ask("GET", std::move(path)); }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& each : response.headers)
      if (each.name == name) return each.value;
    return "";
  }

  fs::path root_;
  metrics::Registry metrics_;
  net::Loop loop_{0, 1, metrics_};
  std::unique_ptr<StaticFiles> files_;
};

TEST_F(StaticFilesTest, ServesFilesWithTheirType) {
  EXPECT_EQ(get("/app.js").body, "export {}");
  EXPECT_EQ(get("/app.js").content_type, "text/javascript; charset=utf-8");
}

TEST_F(StaticFilesTest, AFolderIsItsIndex) {
  EXPECT_EQ(get("/").body, "<h1>hi</h1>");
  EXPECT_EQ(get("/").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(get("/sub/").body, "sub");
}

TEST_F(StaticFilesTest, PagesMayOnlyUseTheirOwnHost) {
  EXPECT_THAT(header(get("/"), "Content-Security-Policy"), HasSubstr("default-src 'self'"));
  EXPECT_EQ(header(get("/"), "X-Content-Type-Options"), "nosniff");
}

TEST_F(StaticFilesTest, AnUnchangedFileIsNotSentAgain) {
  const std::string tag = header(get("/app.js"), "ETag");
  const HttpResponse again = ask("GET", "/app.js", {{"If-None-Match", "W/\"x\", " + tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(ask("GET", "/app.js", {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST_F(StaticFilesTest, AChangedFileIsServedAtOnce) {
  const std::string tag = header(get("/app.js"), "ETag");
  write("public/app.js", "changed now");
  EXPECT_EQ(get("/app.js").body, "changed now");
  EXPECT_NE(header(get("/app.js"), "ETag"), tag);
}

TEST_F(StaticFilesTest, NothingOutsideTheFolderIsServed) {
  fs::create_symlink(root_ / "secret.txt", root_ / "public/link.txt");
  fs::create_directory_symlink(root_, root_ / "public/up");
  for (const char* path :
       {"/../secret.txt", "/sub/../../secret.txt", "/link.txt", "/up/secret.txt", "//etc/passwd"})
    EXPECT_EQ(get(path).status, 404) << path;
}

TEST_F(StaticFilesTest, LinksInsideTheFolderAreFine) {
  fs::create_symlink("app.js", root_ / "public/main.js");
  EXPECT_EQ(get("/main.js").body, "export {}");
}

TEST_F(StaticFilesTest, DotfilesAreNotThere) {
  for (const char* path : {"/.env", "/sub/.git/config", "/.", "/sub/.git/"})
    EXPECT_EQ(get(path).status, 404) << path;
}

TEST_F(StaticFilesTest, WhatIsNoFileIsNotThere) {
  for (const char* path : {"/missing", "/sub", "/app.js/x"})
    EXPECT_EQ(get(path).status, 404) << path;
  EXPECT_EQ(get(std::string("/app.js\0", 8)).status, 404);
}

TEST_F(StaticFilesTest, OnlyGetAndHead) {
  EXPECT_EQ(ask("POST", "/").status, 405);
  EXPECT_EQ(header(ask("POST", "/"), "Allow"), "GET, HEAD");
  EXPECT_EQ(ask("HEAD", "/").status, 200);
}

TEST_F(StaticFilesTest, LargeFilesAreRefusedWithAReason) {
  write("public/big.bin", std::string((1 << 20) + 1, 'x'));
  EXPECT_THAT(get("/big.bin").body, HasSubstr("larger than 1 MiB"));
}

TEST_F(StaticFilesTest, AFolderMayBeMountedDeeper) {
  StaticFiles files(root_ / "public", "/app/", 1);
  files_ = std::make_unique<StaticFiles>(root_ / "public", "/app", 1);
  EXPECT_EQ(get("/app/").body, "<h1>hi</h1>");
  EXPECT_EQ(get("/app").status, 308);
  EXPECT_EQ(header(get("/app"), "Location"), "/app/");
  EXPECT_EQ(get("/apple").status, 404);
  EXPECT_EQ(get("/").status, 404);
}

TEST_F(StaticFilesTest, AMissingFolderIsAnErrorAtStart) {
  EXPECT_THROW(StaticFiles(root_ / "nowhere", "/", 1), fs::filesystem_error);
  EXPECT_THROW(StaticFiles(root_ / "secret.txt", "/", 1), fs::filesystem_error);
}

}  // namespace
}  // namespace weft::api
