// The mesh over the engines in memory: the contract, and faults that only they can make.
#include "broker/memory_broker.hpp"
#include "cluster/memory_store.hpp"
#include "cluster/mesh_contract.hpp"

namespace weft::cluster {
namespace {

std::shared_ptr<broker::MemoryBus> the_bus() {
  static const auto bus = std::make_shared<broker::MemoryBus>();
  return bus;
}

const auto the_agreement = std::make_shared<MemoryAgreement>();
std::map<std::string, std::shared_ptr<MemoryStore>> the_stores;  // by node, of the test that runs

MeshParts make_parts(net::Loop& loop, const std::string& prefix, const std::string& name,
                     Millis lease) {
  broker::BrokerOptions bus{.prefix = prefix, .name = name};
  StoreOptions store{.prefix = prefix, .lease = lease};
  return {std::make_unique<broker::MemoryBroker>(loop, the_bus(), bus),
          the_stores[name] = std::make_shared<MemoryStore>(the_agreement, store)};
}

const MeshEngine kMemory{"memory", make_parts};
INSTANTIATE_TEST_SUITE_P(Memory, MeshContract, testing::Values(kMemory));

class MeshFaults : public MeshContract {};
INSTANTIATE_TEST_SUITE_P(Memory, MeshFaults, testing::Values(kMemory));

// A change that was lost on the way is noticed by its number, and all is asked for.
TEST_P(MeshFaults, ALostChangeOfInterestIsMadeGood) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  the_bus()->lose("node0", 1);
  bob.add_interest("lost");
  know(bob);  // it gives up after the deadline: node0 did not say that it knows
  bob.add_interest("room");
  know(bob);
  until([&] { return ann.mesh->may_be_wanted(mesh::channel_hash("lost")); });
  EXPECT_EQ(publish(ann, "lost", "x").success, 1u);
  EXPECT_EQ(publish(ann, "room", "x").success, 1u);
}

// Whoever is asked for all of it may not be there yet: it is asked again.
TEST_P(MeshFaults, AnAnswerThatWasLostIsAskedForAgain) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  the_bus()->lose("node0", 1);
  bob.add_interest("room");  // ann misses that
  know(bob);
  the_bus()->lose("node0", 1);
  bob.add_interest("hall");  // that, too
  know(bob);
  the_bus()->lose("node1", 1);
  bob.add_interest("yard");  // she asks for all of it, and bob misses the question
  know(bob);
  until([&] { return ann.mesh->may_be_wanted(mesh::channel_hash("room")); });
  EXPECT_EQ(publish(ann, "room", "x").success, 1u);
}

TEST_P(MeshFaults, ALostPacketIsCountedByWhoMissedIt) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  bob.add_interest("room");
  know(bob);
  EXPECT_EQ(publish(ann, "room", "1").success, 1u);
  the_bus()->lose("node1", 1);
  EXPECT_THAT(publish(ann, "room", "2").unreachable, ElementsAre(bob.id));
  EXPECT_EQ(publish(ann, "room", "3").success, 1u);
  EXPECT_GE(bob.metric("weft_mesh_lost_total"), 1);
}

TEST_P(MeshFaults, WhoIsCutOffSaysSoAndWhoPublishesLearnsIt) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  bob.add_interest("room");
  know(bob);
  the_bus()->cut("node0");
  until([&] { return !ann.mesh->problems().empty(); });
  EXPECT_EQ(ann.mesh->problems().front(), "bus_down");
  EXPECT_THAT(publish(ann, "room", "x").unreachable, ElementsAre(bob.id));
  the_bus()->heal("node0");
  until([&] { return ann.mesh->problems().empty(); });
  EXPECT_EQ(publish(ann, "room", "y").success, 1u);
}

// A node that was away for longer than its lease, and was buried meanwhile: its connections' ends
// were told, so it lets them go, and then it is one of them again.
TEST_P(MeshFaults, WhoWasHeldForDeadComesBackWithoutItsConnections) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  bob.mesh->keep("u:1", "bob");
  know(bob);
  the_stores["node1"]->fail(StoreErrc::unavailable);
  until([&] { return ann.left_behind.size() == 1; });
  EXPECT_THAT(bob.mesh->problems(), testing::Contains("fenced"));
  until([&] { return ann.mesh->others() == 0; });
  the_stores["node1"]->work_again();
  until([&] { return bob.rejoined.size() == 1; });
  EXPECT_EQ(bob.buried, 1);
  EXPECT_EQ(bob.rejoined.front(), bob.slot) << "its slot rested";
  until([&] { return ann.mesh->others() == 1 && bob.mesh->problems().empty(); });
  EXPECT_EQ(ann.left_behind.size(), 1u);
  // Both go on counting where they were.
  EXPECT_EQ(send(ann, bob.slot, "still there?").success, 1u);
  EXPECT_EQ(send(bob, ann.slot, "you too?").success, 1u);
}

// Nobody could renew, so nobody is dead for that.
TEST_P(MeshFaults, WhenTheStoreWasAwayForLongerThanALeaseNobodyIsGivenUp) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1 && bob.mesh->others() == 1; });
  for (auto& [name, store] : the_stores) store->fail(StoreErrc::unavailable);
  const SteadyTime begun = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - begun > 2 * kLease; });
  for (auto& [name, store] : the_stores) store->work_again();
  until([&] { return ann.mesh->problems().empty() && bob.mesh->problems().empty(); });
  EXPECT_EQ(ann.buried + bob.buried, 0);
  EXPECT_EQ(ann.events.size() + bob.events.size(), 2u) << "each saw the other one come, once";
}

// A store that has forgotten everything: nobody was told of an end, so nothing has to go.
TEST_P(MeshFaults, WhenTheStoreForgetsTheNodesGoOn) {
  RecordingNode &ann = join(), &bob = join();
  until([&] { return ann.mesh->others() == 1; });
  bob.mesh->keep("u:1", "bob");
  know(bob);
  the_agreement->forget();
  until([&] { return ann.rejoined.size() == 1 && bob.rejoined.size() == 1; });
  until([&] { return ann.mesh->others() == 1 && bob.mesh->others() == 1; });
  EXPECT_EQ(ann.buried + bob.buried, 0);
  EXPECT_EQ(ann.events.size(), 1u) << "nobody was gone in between";
  until([&] { return test().run(the_stores["node0"]->kept(bob.id, 10))->size() == 1; });
  kill(bob);
  until([&] { return ann.left_behind.size() == 1; });  // it was kept again
}

// The connection looks well and nothing comes: the probe finds out.
TEST_P(MeshFaults, ADeafBusIsFoundAndMadeAnew) {
  RecordingNode& ann = join();
  the_bus()->deafen("node0");
  until([&] { return ann.metric("weft_mesh_deaf_total") > 0; });
  until([&] { return ann.mesh->problems().empty(); });
}

}  // namespace
}  // namespace weft::cluster
