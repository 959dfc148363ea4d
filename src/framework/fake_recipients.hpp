// Recipients whose presence and room the test decides, and which remember what they got.
#pragma once
#include <boost/json/parse.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "framework/recipients.hpp"

namespace weft::framework {

class FakeRecipients final : public Recipients {
 public:
  Task<bool> is_there(ConnectionId id) override { co_return present.contains(to_string(id)); }
  Task<bool> is_there(std::string user) override { co_return present.contains(user); }

  Task<std::vector<Outcome>> hand_out(Messages messages) override {
    ++rounds;
    std::vector<Outcome> outcomes;
    std::set<std::string> blocked;
    for (const QueuedMessage& message : *messages) {
      const std::string target = message.user.empty() ? to_string(message.to) : message.user;
      outcomes.push_back(give(target, message, blocked));
    }
    co_return outcomes;
  }

  Task<std::vector<unsigned>> nodes() override { co_return slots; }

  std::vector<unsigned> slots;              ///< of nodes that are there
  std::set<std::string> present;            ///< ids and names
  std::map<std::string, std::size_t> room;  ///< messages that fit; without an entry: any number
  std::map<std::string, std::vector<std::string>> got;  ///< events, by target
  std::size_t rounds = 0;

 private:
  Outcome give(const std::string& target, const QueuedMessage& message,
               std::set<std::string>& blocked) {
    if (!present.contains(target)) return Outcome::gone;
    error_code error;
    json::parse(message.data, error);
    if (error) return Outcome::unreadable;
    if (blocked.contains(target)) return Outcome::later;
    const auto left = room.find(target);
    if (left != room.end() && left->second-- == 0) {
      left->second = 0;
      blocked.insert(target);
      return Outcome::later;
    }
    got[target].push_back(message.event);
    return Outcome::sent;
  }
};

}  // namespace weft::framework
