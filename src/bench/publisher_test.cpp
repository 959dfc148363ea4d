#include "bench/publisher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "bench/messages.hpp"
#include "wire/ws/mask.hpp"

namespace weft::bench {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

/// The text of the one masked frame in `bytes`.
std::string frame_text(std::string bytes) {
  const auto header = ws::parse_header(as_bytes(bytes)).value().value();
  bytes.erase(0, header.header_size);
  ws::apply_mask({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()}, *header.mask, 0);
  return bytes;
}

TEST(PublisherTest, PostsJsonToTheApiOverHttp) {
  const Publisher publisher({.publish_url = "http://127.0.0.1:6789/v1/mesh/publish"});
  const std::string request = publisher.bytes("hello");
  EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\nContent-Length: 24\r\n"));
  EXPECT_THAT(request, EndsWith(R"({"c":"feed","d":"hello"})"));
}

TEST(PublisherTest, SendsAMeshRequestToTheApiOverAWebSocket) {
  const Publisher publisher({.publish_url = "ws://127.0.0.1:6789/ws/v1"});
  EXPECT_EQ(frame_text(publisher.bytes("hello")),
            R"({"m":"mesh.publish","p":{"c":"feed","d":"hello"},"i":1})");
}

TEST(PublisherTest, SendsThePayloadAsItIsToOtherWebSockets) {
  EXPECT_EQ(frame_text(Publisher({.publish_url = "ws://127.0.0.1:1/pub"}).bytes("hello")), "hello");
}

TEST(PublisherTest, WritesMessagesAndBodiesAsTheTemplateSays) {
  const Publisher nats(
      {.publish_url = "ws://127.0.0.1:1/", .publish_as = R"(PUB %c %n\r\n%s\r\n)"});
  EXPECT_EQ(frame_text(nats.bytes("hello")), "PUB feed 5\r\nhello\r\n");
  const Publisher http({.publish_url = "http://127.0.0.1:1/pub", .publish_as = "%s"});
  EXPECT_THAT(http.bytes("hello"), HasSubstr("Content-Type: text/plain\r\nContent-Length: 5\r\n"));
}

TEST(PublisherTest, RefusesAnEscapeThatMakesNoSense) {
  EXPECT_THROW(Publisher({.publish_url = "ws://127.0.0.1:1/", .publish_as = R"(\q)"}), BenchError);
}

}  // namespace
}  // namespace weft::bench
