#include "framework/overheard_dialect.hpp"

#include <gtest/gtest.h>

#include "framework/fake_queue.hpp"
#include "node/fake_connection.hpp"
#include "node/place.hpp"
#include "script/fake_host.hpp"

namespace weft::framework {
namespace {

// Writes down what it is asked, and how much had been told by then.
struct FakeDialect : session::Dialect {
  explicit FakeDialect(const FakeQueue& its_queue) : queue(its_queue) { set_path("/ws"); }
  void on_open(session::Session&, session::Arrival&) override { asked += "open "; }
  bool on_message(session::Session&, DataType, std::span<const std::byte> payload) override {
    asked += std::string(as_text(payload)) + "@" + std::to_string(queue.pushed.size()) + " ";
    return false;
  }
  void on_close(session::Session&, const CloseInfo&) override { asked += "close "; }
  bool is_open(session::Session&) override { return open; }
  error_code push(session::Session&, DataType, std::span<const std::byte>) override {
    return asked += "push ", error_code{};
  }
  error_code push_event(session::Session&, std::string_view, const json::value&) override {
    return asked += "push_event ", error_code{};
  }
  bool deliver(session::Session&, hub::Delivery&) override { return asked += "deliver ", true; }
  error_code set_context(session::Session&, const std::string&) override {
    return asked += "set_context ", error_code{};
  }
  bool has_context(session::Session&, const std::string&) override {
    return asked += "has_context ", true;
  }
  std::optional<error_code> bind_user(session::Session&, const std::string&) override {
    return asked += "bind_user ", error_code{};
  }

  const FakeQueue& queue;
  std::string asked;
  bool open = true;
};

class OverheardDialectTest : public testing::Test {
 protected:
  OverheardDialectTest() {
    routed_.add_overhearing({{.event = "", .topic = "heard"}}, registry_.counter("untold", "test"));
  }
  ~OverheardDialectTest() override { client_.session.reset(); }

  bool says(std::string_view what, DataType type = DataType::text) {
    return client_.session->on_message(type, as_bytes(what));
  }
  std::string told() const { return queue_.pushed.empty() ? "" : queue_.pushed.back().data; }

  metrics::Registry registry_;
  net::LoopPool loops_{1, registry_};
  net::Loop& loop_ = loops_.at(0);
  hub::Hub hub_{loops_};
  Users users_;
  Place place_{loop_, hub_, users_, 5, registry_};
  script::FakeHost host_;
  script::Vm vm_{loop_, host_, {}, registry_};
  FakeQueue queue_;
  RoutedEvents routed_{loop_, queue_, vm_};
  FakeDialect* inner_ = new FakeDialect(queue_);
  OverheardDialect dialect_{std::unique_ptr<session::Dialect>(inner_), "n1", place_, routed_};
  FakeClient client_{place_, dialect_};
};

TEST_F(OverheardDialectTest, AMessageIsToldBeforeTheDialectGetsIt) {
  ASSERT_TRUE(place_.bind_user(*client_.session, "ann"));
  EXPECT_FALSE(says("hi")) << "the dialect's answer";
  EXPECT_EQ(inner_->asked, "hi@1 ");
  EXPECT_EQ(queue_.pushed.at(0).topic, "heard");
  EXPECT_EQ(queue_.pushed.at(0).from, client_.id());
  EXPECT_EQ(told(), R"({"event":"recv_message","node":"n1","connection":")" +
                        to_string(client_.id()) + R"(","user":"ann","path":"/ws","data":"hi"})");
}

TEST_F(OverheardDialectTest, BytesAreToldAsBase64) {
  says("\xff\xfe", DataType::binary);
  EXPECT_NE(told().find(R"("data":{"base64":"//4="})"), std::string::npos) << told();
}

// Open middleware reads tokens.
TEST_F(OverheardDialectTest, WhatIsSaidBeforeItIsLetInIsNotTold) {
  inner_->open = false;
  says("a token");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(inner_->asked, "a token@0 ");
}

TEST_F(OverheardDialectTest, AllElseIsTheDialects) {
  session::Session& session = *client_.session;
  session::Dialect& dialect = session.dialect();
  session::Arrival arrival;
  const SharedBytes data = SharedBytes::copy_of("x");
  const hub::Publication publication{"room", DataType::text, data, {}};
  hub::Delivery delivery{publication};
  dialect.on_open(session, arrival);
  dialect.push(session, DataType::text, {});
  dialect.push_event(session, "E", nullptr);
  session.deliver(delivery);
  dialect.set_context(session, "{}");
  EXPECT_TRUE(dialect.has_context(session, "k"));
  EXPECT_TRUE(dialect.bind_user(session, "ann"));
  dialect.on_close(session, {});
  EXPECT_EQ(inner_->asked, "open push push_event deliver set_context has_context bind_user close ");
  EXPECT_EQ(dialect.path(), "/ws");
  EXPECT_EQ(told(), "");
}

}  // namespace
}  // namespace weft::framework
