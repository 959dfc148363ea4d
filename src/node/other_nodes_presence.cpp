// OtherNodes: who stands where, asked of nodes that live and of what is kept of the dead.
#include <algorithm>
#include <atomic>

#include "node/gathered.hpp"
#include "node/other_nodes.hpp"

namespace weft {

std::string present_member(std::string_view channel, std::string_view member) {
  std::string key(kPresentMember);
  key.append(channel).append(" ").append(member);
  return key;
}

namespace {

struct PresenceQuestion {
  PresenceAsk ask;
  std::shared_ptr<cluster::Mesh> mesh;
  std::shared_ptr<Gathered<Elsewhere>> answer;

  bool is_join() const { return ask.what == mesh::Kind::join; }

  template <class Nodes>
  void look_up(const Nodes& nodes, std::function<void(bool)> done) const {
    mesh->is_kept({nodes.begin(), nodes.end()}, present_member(ask.channel, ask.member),
                  std::move(done));
  }

  // Two who are late for each other must not both leave it to the other one: a leave is for sure
  // somebody else's only when that node is suspected, so that one day others tell it.
  Elsewhere what_silence_means(std::span<const NodeId> unreachable) const {
    const auto is_trusted = [this](NodeId id) {
      const auto found = mesh->members().find(id);
      return found != mesh->members().end() && !found->second.suspect;
    };
    const bool is_sure = is_join() || std::ranges::none_of(unreachable, is_trusted);
    return is_sure ? Elsewhere::stands : Elsewhere::unsure;
  }

  void end(Elsewhere what) {
    answer->sum = what;
    answer->tell();
  }
};

using PresenceQuestionPtr = std::shared_ptr<PresenceQuestion>;

void ask_the_living(const PresenceQuestionPtr& question) {
  const auto on_reply = [question](NodeId, const mesh::Envelope& reply) {
    if (reply.number(1) != 0) question->answer->sum = Elsewhere::stands;
  };
  const auto on_end = [question](std::span<const NodeId> unreachable) {
    if (question->answer->sum == Elsewhere::stands) return question->answer->tell();
    const Elsewhere silence = question->what_silence_means(unreachable);
    question->look_up(unreachable, [question, silence](bool kept) {
      question->end(kept ? silence : Elsewhere::nobody);
    });
  };
  Letter letter{.envelope = {.kind = question->ask.what}};
  letter.name = question->ask.channel;
  letter.text = question->ask.member;
  question->mesh->to_all(letter.open(), on_reply, on_end);
}

// Who tells for a dead node takes its members over before it drops what was kept: whoever looks
// there first and asks then finds one of both. Only what was taken over is not looked for: it may
// stand there still.
void ask_the_dead(const PresenceQuestionPtr& question) {
  if (question->ask.is_taken_over) return ask_the_living(question);
  question->look_up(question->mesh->unburied(), [question](bool kept) {
    kept ? question->end(Elsewhere::stands) : ask_the_living(question);
  });
}

}  // namespace

void OtherNodes::ask_presence(net::Loop& from, PresenceAsk ask, Completion<Elsewhere> done) {
  auto answer = gather<Elsewhere>(from, std::move(done));
  const auto question = std::make_shared<PresenceQuestion>(
      PresenceQuestion{std::move(ask), mesh_, std::move(answer)});
  mesh_->loop().post([question] { ask_the_dead(question); });
}

void OtherNodes::hand_over(net::Loop& from, std::string channel, std::string member,
                           ConnectionId id, Completion<bool> done) {
  Letter letter{.envelope = {.kind = mesh::Kind::leave}};
  letter.envelope.connections.push_back(id);
  letter.envelope.numbers.push_back(1);
  letter.name = std::move(channel);
  letter.text = std::move(member);
  const auto result = gather<bool>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, letter = std::move(letter), result]() mutable {
    const auto on_reply = [result](NodeId, const mesh::Envelope&) { result->sum = true; };
    const auto on_end = [result](std::span<const NodeId>) { result->tell(); };
    for (const auto& [node, info] : mesh->members())
      if (!info.suspect && mesh->to_slot(info.slot, letter.open(), on_reply, on_end)) return;
    result->tell();
  });
}

// The home loops have told the mesh by then: posts of one loop keep their order.
void OtherNodes::when_known(net::Loop& from, std::vector<net::Loop*> homes,
                            std::function<void()> done) {
  const auto waiting = std::make_shared<std::atomic<std::size_t>>(homes.size());
  for (net::Loop* home : homes)
    home->post([mesh = mesh_, &from, waiting, done] {
      if (--*waiting > 0) return;
      mesh->loop().post(
          [mesh, &from, done] { mesh->when_known([&from, done] { from.post(done); }); });
    });
}

}  // namespace weft
