// AnswersInOrder: requests that are under way together and their answers, which leave in the order
// of the requests, whichever is there first.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "wire/connmix/request.hpp"

namespace weft::api {

class AnswersInOrder {
 public:
  using Number = std::uint64_t;

  Number open(connmix::Style style, std::string id) {
    open_.push_back({{.style = style, .id = std::move(id), .method = {}}, std::nullopt});
    return first_ + open_.size() - 1;
  }
  /// Spelling and id of one that is open, without its method.
  const connmix::Request& asked(Number number) const { return open_[number - first_].asked; }

  /// Hands `send` every answer whose turn it is.
  template <class Send>
  void answer(Number number, std::string text, Send send) {
    open_[number - first_].answer = std::move(text);
    while (!open_.empty() && open_.front().answer) {
      const std::string next = std::move(*open_.front().answer);
      open_.pop_front();
      ++first_;
      send(next);
    }
  }

  /// Without an answer, or with one that waits for another's.
  std::size_t size() const { return open_.size(); }

 private:
  struct Open {
    connmix::Request asked;
    std::optional<std::string> answer;
  };
  std::deque<Open> open_;
  Number first_ = 0;  // of open_.front()
};

}  // namespace weft::api
