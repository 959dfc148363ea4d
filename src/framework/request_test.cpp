#include "weft/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using testing::ElementsAre;
using testing::Optional;

Request with_query(std::string query) {
  Request request;
  request.query = std::move(query);
  return request;
}

TEST(RequestTest, AQueryValueIsDecoded) {
  const Request request = with_query("a=1&name=J%c3%b6rg+K&empty=&bare&a=2");
  EXPECT_THAT(request.query_value("a"), Optional(std::string("1")));
  EXPECT_THAT(request.query_value("name"), Optional(std::string("J\xc3\xb6rg K")));
  EXPECT_THAT(request.query_value("empty"), Optional(std::string()));
  EXPECT_THAT(request.query_value("bare"), Optional(std::string()));
  EXPECT_EQ(request.query_value("b"), std::nullopt);
}

TEST(RequestTest, AQueryThatIsNoneHasNoValues) {
  EXPECT_EQ(with_query("a=%zz").query_value("a"), std::nullopt);
}

TEST(RequestTest, CookiesAndHeadersAreFoundByName) {
  Request request;
  request.headers = {{"Cookie", "a=1; token=x=y;b=2"}, {"COOKIE", "c=3"}};
  EXPECT_THAT(request.cookie("token"), Optional(std::string("x=y")));
  EXPECT_THAT(request.cookie("c"), Optional(std::string("3")));
  EXPECT_EQ(request.cookie("oken"), std::nullopt);
  EXPECT_EQ(*request.header("cookie"), "a=1; token=x=y;b=2");
  EXPECT_EQ(request.header("origin"), nullptr);
}

TEST(RequestTest, SubprotocolsOfAllLinesAreOneList) {
  Request request;
  request.headers = {{"Sec-WebSocket-Protocol", "chat, token.abc"},
                     {"sec-websocket-protocol", "v2"}};
  EXPECT_THAT(request.subprotocols(), ElementsAre("chat", "token.abc", "v2"));
}

}  // namespace
}  // namespace weft
