// Two ends of records with the same secrets; the client's is spoken with bare keys, so that it can
// break every rule. What OpenSSL makes of our records stands in tls_test.cpp.
#include "net/tls_records.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>

#include "base/bytes.hpp"

namespace weft::net {
namespace {

constexpr std::uint8_t kAlert = 21, kHandshake = 22, kData = 23;
const std::vector<std::byte> kClient(32, std::byte{1}), kServer(32, std::byte{2});

std::string take(Outbox& outbox) {
  std::string text;
  for (iovec part{}; outbox.gather({&part, 1}); outbox.consume(part.iov_len))
    text.append(static_cast<const char*>(part.iov_base), part.iov_len);
  return text;
}

class TlsRecordsTest : public testing::Test {
 protected:
  /// A record of the client that holds `parts` one after the other.
  std::string sealed(std::uint8_t type, std::vector<std::string> parts) {
    std::vector<std::span<const std::byte>> spans;
    for (const std::string& part : parts) spans.push_back(as_bytes(part));
    Outbox out;
    client_.seal(type, spans, out);
    return take(out);
  }
  /// What the server reads out of `cipher`, or why it ended.
  std::string read(std::string_view cipher) {
    std::span<const std::byte> in = as_bytes(cipher);
    std::string text;
    for (;;) {
      const Result<std::size_t> size = server_.read(in, plain_, out_);
      if (!size) return text + (size.error() == boost::asio::error::eof ? "|eof" : "|error");
      if (!*size) return text;
      text += as_text(std::span(plain_).first(*size));
    }
  }
  /// The code of the alert that waits for the client, -1 when there is none.
  int alert() {
    const std::string record = take(out_);
    std::array<std::byte, 64> plain;
    TlsKeys keys(*suite_, kServer);
    const auto opened = keys.open(as_bytes(record), plain);
    if (!opened || opened->size() != 3 || opened->back() != std::byte{kAlert}) return -1;
    return std::to_integer<int>((*opened)[1]);
  }

  const TlsSuite* suite_ = tls_suite(0x03001301);
  TlsRecords server_{*suite_, kClient, kServer};
  TlsKeys client_{*suite_, kClient};
  std::vector<std::byte> plain_ = std::vector<std::byte>(100'000);
  Outbox out_;
};

TEST_F(TlsRecordsTest, PaddingIsTakenOffAndEmptyRecordsSayNothing) {
  const std::string padded =
      sealed(0, {"hello", std::string(1, char{kData}), std::string(9, '\0')});
  EXPECT_EQ(read(padded), "hello");
  EXPECT_EQ(read(sealed(kData, {})), "");
  EXPECT_EQ(read(sealed(kData, {"on"})), "on");
}

TEST_F(TlsRecordsTest, ARecordThatIsOnlyPaddingEndsIt) {
  EXPECT_EQ(read(sealed(0, {std::string(9, '\0')})), "|error");
}

TEST_F(TlsRecordsTest, ARecordOfAnotherTypeEndsItWithUnexpectedMessage) {
  EXPECT_EQ(read(sealed(20, {"\1"})), "|error");
  EXPECT_EQ(alert(), 10);
}

TEST_F(TlsRecordsTest, APlainRecordEndsIt) {
  EXPECT_EQ(read(std::string("\x15\x03\x03\x00\x02\x01\x00", 7)), "|error");
  EXPECT_EQ(alert(), 10);
}

TEST_F(TlsRecordsTest, ATooLongRecordIsNotWaitedFor) {
  EXPECT_EQ(read("\x17\x03\x03\x41\x01"), "|error");
  EXPECT_EQ(alert(), 22);
}

TEST_F(TlsRecordsTest, TooMuchInOneRecordEndsIt) {
  EXPECT_EQ(read(sealed(kData, {std::string((1 << 14) + 1, 'x')})), "|error");
  EXPECT_EQ(alert(), 22);
}

TEST_F(TlsRecordsTest, ARepeatedRecordEndsIt) {
  const std::string once = sealed(kData, {"once"});
  EXPECT_EQ(read(once), "once");
  EXPECT_EQ(read(once), "|error");
  EXPECT_EQ(alert(), 20);
}

TEST_F(TlsRecordsTest, NothingIsReadAfterAnError) {
  const std::string good = sealed(kData, {"before"});
  std::string bad = sealed(kData, {"bad"});
  bad.back() ^= 1;
  const std::string after = sealed(kData, {"after"});
  EXPECT_EQ(read(good + bad + after), "before|error");
  EXPECT_EQ(read(sealed(kData, {"later"})), "|error");
}

TEST_F(TlsRecordsTest, NewKeysCountFromZeroAndTheOldOnesAreGone) {
  EXPECT_EQ(read(sealed(kHandshake, {std::string("\x18\0\0\1\0", 5)})), "");
  EXPECT_EQ(read(sealed(kData, {"old key"})), "|error");
}

TEST_F(TlsRecordsTest, HandshakeMessagesThatAreNoKeyUpdateEndIt) {
  EXPECT_EQ(read(sealed(kHandshake, {std::string("\x18\0\0\1\2", 5)})), "|error");
  EXPECT_EQ(alert(), 10);
}

TEST_F(TlsRecordsTest, ManyRequestsForNewKeysAreOneAnswer) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(read(sealed(kHandshake, {std::string("\x18\0\0\1\1", 5)})), "");
    client_.renew();
  }
  EXPECT_TRUE(out_.empty()) << "before there is anything to say";
  Outbox waiting;
  waiting.append(as_bytes("x"), {});
  server_.pump(waiting, out_, 1 << 16);
  EXPECT_EQ(take(out_).size(), (5 + 5 + 17) + (5 + 1 + 17));
}

TEST_F(TlsRecordsTest, CloseNotifyIsTheEnd) {
  std::string cipher = sealed(kData, {"bye"});
  cipher += sealed(kAlert, {std::string("\1\0", 2)});
  EXPECT_EQ(read(cipher), "bye|eof");
}

TEST_F(TlsRecordsTest, KeysThatDoNotOpenWhatWasSentAreNotTaken) {
  Outbox sent;
  TlsKeys server(*suite_, kServer);
  const std::span<const std::byte> ticket = as_bytes("ticket");
  server.seal(kHandshake, {&ticket, 1}, sent);
  const std::string record = take(sent);
  EXPECT_TRUE(TlsRecords::take_over(*suite_, kClient, kServer, as_bytes(record)));
  EXPECT_FALSE(TlsRecords::take_over(*suite_, kServer, kClient, as_bytes(record)));
  EXPECT_FALSE(TlsRecords::take_over(*suite_, kClient, kServer, as_bytes(record + record)));
  EXPECT_FALSE(TlsRecords::take_over(*suite_, kClient, kServer, as_bytes(record).first(9)));
  EXPECT_FALSE(TlsRecords::take_over(*suite_, kClient, kServer, {}));
}

}  // namespace
}  // namespace weft::net
