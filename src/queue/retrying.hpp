// Retrying: dead letters go back to where they were pushed, one after the other. On the home loop
// of their topic.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queue/topic.hpp"

namespace weft::queue {

class Retrying : public std::enable_shared_from_this<Retrying> {
 public:
  using Find = std::function<Topic*(const std::string& name)>;
  using Answer = std::function<void(Result<std::size_t>)>;

  static void start(Topic& topic, std::size_t limit, Find find, Answer answer);
  Retrying(Topic& topic, Find find, Answer answer)
      : topic_(topic), find_(std::move(find)), answer_(std::move(answer)) {}

 private:
  void next();
  void moved();
  void ended(error_code error);

  Topic& topic_;
  const Find find_;
  const Answer answer_;
  std::vector<Job> jobs_;  // the next one is the last
  std::size_t moved_ = 0;
};

}  // namespace weft::queue
