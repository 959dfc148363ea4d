#include "app/event_target.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

using Kind = EventTarget::Kind;

TEST(EventTargetTest, ThreeKindsAreRead) {
  EXPECT_EQ(parse_event_target("queue:orders"), (EventTarget{Kind::queue, "orders"}));
  EXPECT_EQ(parse_event_target("worker:renderer"), (EventTarget{Kind::worker, "renderer"}));
  EXPECT_EQ(parse_event_target("lua:lua/a.lua:on_price"),
            (EventTarget{Kind::lua, "lua/a.lua", "on_price"}));
}

TEST(EventTargetTest, TheFunctionIsBehindTheLastColon) {
  EXPECT_EQ(parse_event_target("lua:/srv/a:b.lua:f")->name, "/srv/a:b.lua");
}

TEST(EventTargetTest, WhatIsWrittenIsReadBack) {
  for (const char* text : {"queue:a:b", "worker:w", "lua:x.lua:f_1"})
    EXPECT_EQ(to_string(*parse_event_target(text)), text);
}

TEST(EventTargetTest, AnythingElseIsRefused) {
  for (const char* text : {"", "orders", "queue:", "que:orders", "lua:a.lua", "lua::f",
                           "lua:a.lua:", "lua:a.lua:1f", "lua:a.lua:a.b", "App\\Handler"})
    EXPECT_FALSE(parse_event_target(text)) << text;
}

}  // namespace
}  // namespace weft
