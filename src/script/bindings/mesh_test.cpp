// mix.mesh beside send and publish: what the host is asked, and how its answers look in Lua.
#include <gmock/gmock.h>

#include "script/edge_test.hpp"

namespace weft::script {
namespace {

using testing::ElementsAre;

class MeshCallsTest : public EdgeTest {
 protected:
  MeshCallsTest() { host_.completes_at_once = true; }
};

TEST_F(MeshCallsTest, CountsComeAsATable) {
  host_.count = {2, 1, 3};
  EXPECT_EQ(eval("(function() local c = mix.mesh.send_user('ann', 'hi') "
                 "return c.success .. c.fail .. c.total .. c.unreachable end)()"),
            "2133");
  EXPECT_EQ(eval("mix.mesh.send_all('hi').success"), "2");
  EXPECT_EQ(eval("mix.mesh.kick('ann', 4001, 'bye').total"), "3");
  EXPECT_THAT(host_.calls, ElementsAre("send_user ann hi", "send_all hi", "kick ann 4001 bye"));
}

TEST_F(MeshCallsTest, ConnectionsOfAnyNodeAreBoundSubscribedAndClosed) {
  run("mix.mesh.bind(7, 'ann') mix.mesh.bind('7', 'ann', true) mix.mesh.bind(7, 'ann', 'unbind') "
      "mix.mesh.unbind(7) mix.mesh.unbind(7, 'ann') mix.mesh.subscribe(7, 'a') "
      "mix.mesh.unsubscribe(7, {'a', 'b'}) mix.mesh.set_context(7, {k = 1}) mix.mesh.close(7)");
  EXPECT_THAT(host_.calls,
              ElementsAre("bind 7 ann 0", "bind 7 ann 1", "bind 7 ann 2", "unbind 7 ",
                          "unbind 7 ann", "mesh_subscribe 7 a", "mesh_unsubscribe 7 a b",
                          R"(mesh_set_context 7 {"k":1})", "mesh_close 7 1000 "));
}

TEST_F(MeshCallsTest, ErrorsAreTheSecondValue) {
  EXPECT_EQ(eval("tostring(mix.mesh.unbind(7))"), "true");
  host_.mesh_problem = "no such connection";
  EXPECT_EQ(eval("select(2, mix.mesh.unbind(7))"), "no such connection");
  EXPECT_EQ(eval("select(2, mix.mesh.send_all('x'))"), "no such connection");
  EXPECT_EQ(eval("select(2, mix.mesh.presence('room'))"), "no such connection");
}

TEST_F(MeshCallsTest, ListsComeAsTables) {
  host_.told_json = R"({"connections":[{"id":"7","node":"n2"}],"users":1,"unreachable":[]})";
  EXPECT_EQ(eval("mix.mesh.presence('room').connections[1].node"), "n2");
  EXPECT_EQ(eval("mix.mesh.connections('ann').users"), "1");
  host_.told_json = R"([{"id":"n1"},{"id":"n2"}])";
  EXPECT_EQ(eval("#mix.mesh.nodes()"), "2");
  EXPECT_EQ(eval("mix.mesh.node_id()"), "n1");
}

TEST_F(MeshCallsTest, WrongArgumentsRaiseErrors) {
  for (const char* call :
       {"mix.mesh.bind('x', 'ann')", "mix.mesh.bind(7, 'ann', 'other')", "mix.mesh.kick('a', 1002)",
        "mix.mesh.subscribe(7, {1, {}})", "mix.mesh.subscribe(7)", "mix.mesh.set_context(7, 1)"})
    EXPECT_EQ(eval(call).substr(0, 6), "error:") << call;
  EXPECT_TRUE(host_.calls.empty());
}

}  // namespace
}  // namespace weft::script
