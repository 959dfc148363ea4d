// Onion: middleware around the coming of a connection. One subject goes through the whole chain;
// each middleware stands around the next, so those that were entered see on their way out what
// became of it: a welcome, a refusal or an exception.
//
// A refusal stays one: those further out may change it into another, not into a welcome, and who
// swallows an exception lets nobody in. Nor does one that neither refuses nor calls next(): what
// stands further in was not asked. All of that errs on the side of a closed door.
#pragma once
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "weft/task.hpp"

namespace weft::framework {

template <class Subject, class Refusal>
class Onion {
 public:
  using Result = std::optional<Refusal>;
  using Next = std::function<Task<Result>()>;
  using Middleware = std::function<Task<Result>(Subject&, Next)>;

  /// The first is the outermost. Empty functions are left out.
  void add(const Middleware& middleware) {
    if (middleware) layers_.push_back(middleware);
  }
  void add(const std::vector<Middleware>& list) {
    for (const Middleware& one : list) add(one);
  }
  bool empty() const { return layers_.empty(); }

  /// The onion and `subject` have to live until it ends. Throws what a middleware threw, and
  /// std::logic_error for one that calls next() twice, or not at all without a refusal.
  Task<Result> run(Subject& subject) const {
    Walk walk{*this, subject};
    Result result = co_await enter(walk, 0);
    if (result) co_return result;
    if (walk.threw) std::rethrow_exception(walk.threw);
    if (walk.refused) co_return walk.refused;
    if (walk.entered <= layers_.size())
      throw std::logic_error("a middleware neither refused nor called next()");
    co_return result;
  }

 private:
  struct Walk {
    const Onion& onion;
    Subject& subject;
    std::size_t entered = 0;  // layers, and one more when the inside was reached
    Result refused = {};      // what was said last
    std::exception_ptr threw = {};
  };

  static Task<Result> enter(Walk& walk, std::size_t layer) {
    if (layer < walk.entered) throw std::logic_error("a middleware called next() twice");
    walk.entered = layer + 1;
    const auto& layers = walk.onion.layers_;
    if (layer == layers.size()) co_return Result();
    Next next = [&walk, layer] { return enter(walk, layer + 1); };
    Result result;
    try {
      result = co_await layers[layer](walk.subject, std::move(next));
    } catch (...) {
      walk.threw = std::current_exception();
      throw;
    }
    if (result) walk.refused = result;
    co_return result;
  }

  std::vector<Middleware> layers_;
};

}  // namespace weft::framework
